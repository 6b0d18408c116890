"""Pages that make a draft of another one: editing, comparing, and putting two together."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from muniment.api.console.checking import checked
from muniment.api.console.studio import addresses, comparing
from muniment.api.console.studio.drafts import found
from muniment.api.console.studio.forms import Sent, sent
from muniment.api.console.troubles import told
from muniment.api.console.view import View, Viewing
from muniment.api.problems.kinds import KINDS
from muniment.api.problems.problem import Problem
from muniment.api.script_reads.answers import Draft, Merge
from muniment.api.scripts import writing as routes
from muniment.api.scripts.comparing import merge_drafts
from muniment.api.scripts.described import scripts_of, with_text
from muniment.api.scripts.requests import TEXT_MOST, Revision

OTHERS = 200
"""Drafts of the episode that another one can be compared with."""
Other = Annotated[UUID | None, Query(alias="with")]


async def edit(view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID) -> Response:
    """The draft's text in a field, with the passages that it can cite beside it."""
    text = (await with_text(view.deps, view.who, draft_id))[1]
    return await _editor(view, project_id, episode_id, draft_id, text)


async def revise(view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID) -> Response:
    """Save what was typed as a draft of its own. When that cannot be, the page still has all of it."""
    text = (await sent(view)).text("text")
    try:
        with checked():
            given = Revision(text=text)
        made = await routes.revise_draft(
            draft_id=draft_id,
            given=given,
            request=view.request,
            response=Response(),
            deps=view.deps,
            who=view.who,
        )
    except Problem as problem:
        return await _editor(view, project_id, episode_id, draft_id, text, problem)
    if not isinstance(made, Draft):
        return view.go(addresses.episode(project_id, episode_id), toast="studio_on_its_way")
    return view.go(addresses.draft(project_id, episode_id, made.draft_id), toast="studio_revised")


async def compare(view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID, other: Other = None) -> Response:
    """What differs from another draft of the episode: the one that is named, what it was made from, or the script."""
    project, episode, draft = await found(view, project_id, episode_id, draft_id)
    view.shown(draft)
    page = await scripts_of(view.deps).drafts(view.tenant, project_id, episode_id, None, OTHERS, None)
    others = [one for one in page.items if one.draft_id != draft_id and one.state in {"written", "discarded"}]
    old = other or draft.based_on or (episode.script if episode.script != draft_id else None)
    if old is None and others:
        old = others[0].draft_id
    comparison = None
    if old is not None:
        (_, before), (_, after) = [await with_text(view.deps, view.who, one) for one in (old, draft_id)]
        comparison = await asyncio.to_thread(comparing.compared, before, after)
    return view.show(
        "studio/compare.html",
        project=project,
        episode=episode,
        draft=draft,
        others=others,
        old=old,
        comparison=comparison,
    )


async def plan_merge(view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID) -> Response:
    """The draft and the episode's script put together; where they contradict each other, a choice."""
    return await _merging(view, project_id, episode_id, draft_id, None)


async def merge(view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID) -> Response:
    """Go on to edit what was put together; with a choice still open, back to it."""
    return await _merging(view, project_id, episode_id, draft_id, await sent(view))


async def _merging(view: View, project_id: UUID, episode_id: UUID, draft_id: UUID, form: Sent | None) -> Response:
    project, episode, draft = await found(view, project_id, episode_id, draft_id)
    view.shown(draft)
    # What was looked at counts, also when the script has moved on since.
    theirs = (form.ids("theirs") if form else None) or ([episode.script] if episode.script else [])
    if not theirs:
        raise Problem("nothing_to_compare", "The episode has no script to put it together with.")
    put = await merge_drafts(draft_id=draft_id, theirs=theirs[0], deps=view.deps, who=view.who)
    choices = _choices(form, put)
    text = comparing.chosen(put.regions, choices) if form else None
    if text is not None:
        return await _editor(view, project_id, episode_id, draft_id, text, put_together=True)
    return view.show(
        "studio/merge.html",
        status=422 if form else 200,
        project=project,
        episode=episode,
        draft=draft,
        merge=put,
        choices=choices,
        asked=form is not None,
    )


def _choices(form: Sent | None, put: Merge) -> dict[int, str]:
    if form is None:
        return {}
    return {index: form.line(f"choice-{index}") for index, one in enumerate(put.regions) if one.kind == "conflict"}


async def _editor(  # noqa: PLR0917 - what an editor is of
    view: View,
    project_id: UUID,
    episode_id: UUID,
    draft_id: UUID,
    text: str,
    problem: Problem | None = None,
    *,
    put_together: bool = False,
) -> Response:
    project, episode, draft = await found(view, project_id, episode_id, draft_id)
    view.shown(draft)
    passages = await scripts_of(view.deps).passages(view.tenant, draft_id)
    return view.show(
        "studio/edit.html",
        status=KINDS[problem.code].status if problem and problem.code in KINDS else 200,
        project=project,
        episode=episode,
        draft=draft,
        text=text,
        passages=passages,
        most=TEXT_MOST,
        trouble=told(view, problem) if problem else None,
        changed=bool(problem) or put_together,
        put_together=put_together,
    )
