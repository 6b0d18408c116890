"""Pages of drafts: the text with its citations, the passages that they lead to, and what was settled of it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from muniment.api.console.studio import addresses, bearing, reading, stages
from muniment.api.console.view import View, Viewing
from muniment.api.jobs import Cancellation
from muniment.api.problems.problem import Problem
from muniment.api.project_reads.answers import Episode, Project
from muniment.api.projects.described import existing, existing_episode
from muniment.api.script_reads.answers import Citation, Draft
from muniment.api.scripts import reading as routes
from muniment.api.scripts.described import scripts_of

Place = Annotated[int | None, Query(ge=0, le=100_000)]


async def found(view: View, project_id: UUID, episode_id: UUID, draft_id: UUID) -> tuple[Project, Episode, Draft]:
    """A draft with its episode and its project; `not_found` where they do not belong together."""
    draft = await routes.get_draft(draft_id, view.deps, view.who)
    if (draft.project_id, draft.episode_id) != (project_id, episode_id):
        raise Problem("not_found", "There is no such draft.")
    project = await existing(view.deps, view.who, project_id)
    return project, await existing_episode(view.deps, view.who, project_id, episode_id), draft


async def show_draft(
    view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID, citation: Place = None
) -> Response:
    """All about a draft; while it is being written its text comes by a stream."""
    project, episode, draft = await found(view, project_id, episode_id, draft_id)
    facts: dict[str, Any] = {"project": project, "episode": episode, "draft": draft}
    deeds = stages.Deeds(draft, may_write=view.may("documents:write"), archived=project.archived or episode.archived)
    if draft.state in stages.WRITING:
        return view.show("studio/draft_writing.html", deeds=deeds, **facts)
    view.shown(draft)
    sources = await routes.list_sources(draft_id, view.deps, view.who)
    lineage = [draft_id, *sources.drafts]
    panel = await _passage(view, draft, citation) if citation is not None else {"place": None}
    return view.show(
        "studio/draft.html",
        **facts,
        **panel,
        deeds=deeds,
        blocks=reading.blocks(draft.text or "", draft.citations if draft.checked else []),
        doubted=reading.doubted(draft.citations) if draft.checked else [],
        sources=sources,
        reason="" if draft.reason == Cancellation().reason else draft.reason,
        moved_on=stages.moved_on(draft_id, episode.script, lineage),
        formats=stages.FORMATS,
    )


async def show_passage(view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID, place: int) -> Response:
    """The passage that a citation leads to, for the page's side."""
    project, episode, draft = await found(view, project_id, episode_id, draft_id)
    panel = await _passage(view, draft, place)
    return view.show("studio/passage.html", project=project, episode=episode, draft=draft, **panel)


async def state(view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID, known: str = "") -> Response:
    """Has the page loaded anew once a draft is in another state, or checked, than the page says."""
    _, _, draft = await found(view, project_id, episode_id, draft_id)
    now = f"{draft.state}.{draft.checked}"
    return Response(status_code=204, headers={"HX-Refresh": "true"} if now != known else {})


async def _passage(view: View, draft: Draft, place: int) -> dict[str, Any]:
    """What the side shows of a citation: what it stands for, what the passage has of it, and where that is."""
    if place >= len(draft.citations):
        raise Problem("not_found", "The draft has no such citation.")
    one = draft.citations[place]
    said = (draft.text or "")[one.said_from : one.said_to]
    passage = None
    if one.document_id is not None:
        passage = await scripts_of(view.deps).passage(view.tenant, draft.draft_id, one.number)
        view.shown([one])
    text = passage.text if passage else None
    return {
        "place": place,
        "citation": one,
        "said": said,
        "doubt": reading.doubt_of(one),
        "passage": passage,
        "bearing": bearing.bearing(said, text) if text else None,
        "in_library": _in_library(one),
    }


def _in_library(one: Citation) -> str:
    """Where the passage stands in its document; nowhere, once that is gone."""
    if one.document_id is None or one.standing not in {"active", "replaced"}:
        return ""
    return addresses.passage(one.document_id, one.version, one.ordinal, one.start, one.end)
