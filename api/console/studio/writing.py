"""The page of an episode: its script, having a draft written, and the drafts that there are."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from muniment.api import jobs
from muniment.api.answers import Documents
from muniment.api.console.checking import checked
from muniment.api.console.studio import addresses, reading, stages
from muniment.api.console.studio.conflicts import conflict
from muniment.api.console.studio.forms import sent
from muniment.api.console.view import View, Viewing
from muniment.api.documents import list_documents
from muniment.api.jobs import Cancellation
from muniment.api.problems.problem import Problem
from muniment.api.project_reads.answers import Episode
from muniment.api.projects.described import existing, existing_episode
from muniment.api.script_reads.answers import Script
from muniment.api.scripts import reading as reads
from muniment.api.scripts import writing as routes
from muniment.api.scripts.requests import NewDraft
from muniment.producers.writing.templates.registry import LANGUAGES, templates

DRAFTS = 50
VERSIONS = 50
CHOICE = 50
"""Documents of the project that are offered at once to choose from by name."""
LENGTHS = {"short": 800, "medium": 2_000, "long": 4_000, "longest": 8_000}
"""Tokens of a text, by what the form calls them."""
Word = Annotated[str, Query(max_length=1000)]


async def show_episode(view: Viewing, project_id: UUID, episode_id: UUID, cursor: Word = "") -> Response:
    """What it is about, its script, its drafts, and the form that has another one written."""
    project = await existing(view.deps, view.who, project_id)
    episode = await existing_episode(view.deps, view.who, project_id, episode_id)
    drafts = await reads.list_drafts(
        project_id=project_id,
        episode_id=episode_id,
        deps=view.deps,
        who=view.who,
        limit=DRAFTS,
        cursor=cursor or None,
    )
    documents = await _choice(view, project_id)
    script = await _script(view, episode)
    view.shown(documents.items)
    if script:
        view.shown(script)
    return view.show(
        "studio/episode.html",
        project=project,
        episode=episode,
        drafts=drafts,
        cursor=cursor,
        on_the_way=any(one.state in stages.WRITING for one in drafts.items),
        script=script,
        blocks=reading.blocks(script.text or "", script.citations) if script else [],
        documents=documents,
        templates=templates(),
        spoken=list(LANGUAGES),
        lengths=LENGTHS,
        default=NewDraft(),
        writer=view.deps.settings.writer,
    )


async def show_only(view: Viewing, project_id: UUID, episode_id: UUID, q: Word = "", cursor: Word = "") -> Response:
    """Documents that a draft may keep to, by a part of the name: for the form that has it written."""
    await existing_episode(view.deps, view.who, project_id, episode_id)
    found = await _choice(view, project_id, q.replace("\0", "").strip(), cursor)
    view.shown(found.items)
    return view.show("studio/only.html", documents=found, only=view.request.url.path, q=q)


async def show_history(view: Viewing, project_id: UUID, episode_id: UUID, cursor: Word = "") -> Response:
    """The versions of the script, newest first, each of which can count again."""
    project = await existing(view.deps, view.who, project_id)
    episode = await existing_episode(view.deps, view.who, project_id, episode_id)
    page = await reads.list_versions(
        project_id=project_id,
        episode_id=episode_id,
        deps=view.deps,
        who=view.who,
        limit=VERSIONS,
        cursor=cursor or None,
    )
    return view.show("studio/history.html", project=project, episode=episode, page=page, cursor=cursor)


async def generate(view: Viewing, project_id: UUID, episode_id: UUID) -> Response:
    """Have a draft written, and go where its text comes."""
    form = await sent(view)
    with checked():
        given = NewDraft.model_validate({
            "brief": form.text("brief").strip(),
            "template": form.line("template") or "script",
            "language": form.line("language") or view.t.language,
            "max_tokens": form.number("max_tokens", 2_000),
            "temperature": form.number("temperature", 0.2),
            "document_ids": form.ids("only"),
        })  # fmt: skip
    done = await routes.generate_draft(
        project_id=project_id,
        episode_id=episode_id,
        given=given,
        request=view.request,
        response=Response(),
        deps=view.deps,
        who=view.who,
    )
    return view.go(addresses.draft(project_id, episode_id, done.draft_id))


async def cancel(view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID) -> Response:
    """End the writing of a draft."""
    draft = await reads.get_draft(draft_id, view.deps, view.who)
    here = addresses.draft(project_id, episode_id, draft_id)
    try:
        if draft.job_id is not None:
            await jobs.cancel_job(
                job_id=draft.job_id,
                request=view.request,
                response=Response(),
                deps=view.deps,
                who=view.who,
                why=Cancellation(),
            )
    except Problem as problem:
        conflict(problem)
        return view.go(here, toast="studio_ended_before")
    return view.go(here, toast="studio_cancel_asked")


async def _choice(view: View, project_id: UUID, q: str = "", cursor: str = "") -> Documents:
    return await list_documents(
        who=view.who, reads=view.reads, project_id=project_id, q=q or None, limit=CHOICE, cursor=cursor or None
    )


async def _script(view: View, episode: Episode) -> Script | None:
    if episode.script is None:
        return None
    return await reads.get_script(
        project_id=episode.project_id, episode_id=episode.episode_id, deps=view.deps, who=view.who, number=None
    )
