"""What becomes of a draft: the episode's script, put away, a file; and, for auditors, where it came from."""

import json
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from muniment.api.console.checking import checked
from muniment.api.console.studio import addresses, stages
from muniment.api.console.studio.conflicts import conflict, overtaken
from muniment.api.console.studio.drafts import found
from muniment.api.console.studio.forms import sent, toast_of
from muniment.api.console.view import HEADERS, Viewing
from muniment.api.problems.problem import Problem
from muniment.api.scripts import writing as routes
from muniment.api.scripts.described import existing_version
from muniment.api.scripts.exchanging import get_exchange
from muniment.api.scripts.exporting import Format, export_draft
from muniment.api.scripts.reading import list_document_scripts
from muniment.api.scripts.requests import Discard, Restore

SCRIPTS = 50
Word = Annotated[str, Query(max_length=1000)]


async def commit(view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID) -> Response:
    """Let it be the episode's script. When that has moved on since the page was shown, say so and have it chosen."""
    form = await sent(view)
    try:
        answer = await routes.commit_draft(
            draft_id=draft_id,
            request=view.request,
            response=Response(),
            deps=view.deps,
            who=view.who,
            if_revision=form.revision,
        )
    except Problem as problem:
        return await overtaken(view, problem, project_id, episode_id, draft_id)
    return view.go(addresses.draft(project_id, episode_id, draft_id), toast=toast_of(answer, "studio_committed"))


async def restore(view: Viewing, project_id: UUID, episode_id: UUID) -> Response:
    """Let an older version count again: as the next one. When the script has moved on meanwhile, have it chosen."""
    form = await sent(view)
    with checked():
        given = Restore.model_validate({"number": form.number("number")})
    try:
        answer = await routes.restore_script(
            project_id=project_id,
            episode_id=episode_id,
            given=given,
            request=view.request,
            response=Response(),
            deps=view.deps,
            who=view.who,
            if_revision=form.revision,
        )
    except Problem as problem:
        conflict(problem)
        wanted = await existing_version(view.deps, view.who, project_id, episode_id, given.number)
        return await overtaken(view, problem, project_id, episode_id, wanted.draft_id, number=given.number)
    return view.go(addresses.episode(project_id, episode_id), toast=toast_of(answer, "studio_restored"))


async def discard(view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID) -> Response:
    """Put it away; it stays readable."""
    with checked():
        given = Discard(reason=(await sent(view)).line("reason"))
    try:
        answer = await routes.discard_draft(
            draft_id=draft_id, given=given, request=view.request, response=Response(), deps=view.deps, who=view.who
        )
    except Problem as problem:
        return await overtaken(view, problem, project_id, episode_id, draft_id)
    return view.go(addresses.episode(project_id, episode_id), toast=toast_of(answer, "studio_discarded"))


async def export(
    view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID, form: Format = "markdown"
) -> Response:
    """It as a file."""
    await found(view, project_id, episode_id, draft_id)
    answer = await export_draft(draft_id=draft_id, deps=view.deps, who=view.who, format=form)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


async def show_exchange(view: Viewing, project_id: UUID, episode_id: UUID, draft_id: UUID) -> Response:
    """What was asked, what was answered, and where each lies on the log."""
    project, episode, draft = await found(view, project_id, episode_id, draft_id)
    exchange = await get_exchange(draft_id, view.deps, view.who)
    view.shown(exchange)
    return view.show(
        "studio/exchange.html",
        project=project,
        episode=episode,
        draft=draft,
        exchange=exchange,
        messages=_messages(exchange.prompted.messages) if exchange.prompted else [],
        memory=stages.share(exchange.prompted.memory_tokens, exchange.prompted.window_tokens)
        if exchange.prompted
        else 0,
    )


def _messages(prompt: object) -> list[tuple[str, str]]:
    """Roles and words of a recorded prompt; whatever else it is, as it lies there."""
    whole = prompt.get("messages") if isinstance(prompt, dict) else prompt
    if isinstance(whole, list) and all(isinstance(one, dict) for one in whole):
        return [(str(one.get("role", "")), str(one.get("content", ""))) for one in whole]
    return [("", prompt if isinstance(prompt, str) else json.dumps(prompt, ensure_ascii=False, indent=2))]


async def show_scripts_of(view: Viewing, document_id: UUID, cursor: Word = "") -> Response:
    """Which drafts and scripts go back to a document, also to one that is gone."""
    page = await list_document_scripts(
        document_id=document_id, deps=view.deps, who=view.who, limit=SCRIPTS, cursor=cursor or None
    )
    document = await view.reads.document(view.tenant, document_id)
    if document is not None:
        view.shown([document])
    return view.show("studio/scripts_of.html", document_id=document_id, document=document, page=page, cursor=cursor)
