"""Pages of one thing's life: what happened to it, event by event, and how it was after each of them."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from muniment.api.answers import Document, Version
from muniment.api.console.audit import things
from muniment.api.console.audit.scopes import also
from muniment.api.console.audit.stops import Stop, chosen, stops
from muniment.api.console.audit.telling import said
from muniment.api.console.audit.things import EACH, MOST, PAGES, StopNumber
from muniment.api.console.page import ROOT
from muniment.api.console.view import View, Viewing
from muniment.api.history import history_of
from muniment.api.history_answers import Histories
from muniment.api.keys import Scope
from muniment.api.paging import Cursor
from muniment.projections.history.queries import Happened, Part

AUDIT = f"{ROOT}/audit"
LIMIT = 50
_PARTS: dict[str, Part] = {"projects": "project_id", "episodes": "episode_id", "drafts": "draft_id"}


async def find(view: Viewing, q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Lead to the timeline of whatever has this id."""
    try:
        wanted = UUID(q.strip())
    except ValueError:
        return _not_found(view, q)
    reads, tenant = view.reads, view.tenant
    if (await reads.document_history(tenant, wanted, limit=1, cursor=None)).rows:
        return view.go(f"{AUDIT}/documents/{wanted}")
    if (await reads.job_history(tenant, wanted, limit=1, cursor=None)).rows:
        return view.go(f"{AUDIT}/jobs/{wanted}")
    for kind, part in _PARTS.items():
        if (await reads.project_history(tenant, part, wanted, limit=1, cursor=None)).rows:
            return view.go(f"{AUDIT}/{kind}/{wanted}")
    return _not_found(view, q)


def _not_found(view: View, q: str) -> Response:
    return view.show("audit/nothing.html", status=404, q=q)


async def show_document(view: Viewing, document_id: UUID, stop: StopNumber = None, cursor: Cursor = None) -> Response:
    """Everything that happened to a document, and how it was after any of it."""
    told = await history_of("document", document_id, view.deps, view.who, limit=LIMIT, cursor=cursor)
    view.shown(told)
    facts = await _then(view, document_id, stop) if view.who.allows(Scope.DOCUMENTS_READ) else _nothing(view)
    return view.show("audit/entity.html", kind="document", entity=document_id, told=told, cursor=cursor, **facts)


async def show_job(view: Viewing, job_id: UUID, cursor: Cursor = None) -> Response:
    """Everything that happened to a job."""
    told = await history_of("job", job_id, view.deps, view.who, limit=LIMIT, cursor=cursor)
    return _life(view, "job", job_id, told, cursor=cursor, **_nothing(view))


async def show_project(view: Viewing, project_id: UUID, stop: StopNumber = None, cursor: Cursor = None) -> Response:
    """Everything that happened to a project, its episodes and drafts, and how it was after any of it."""
    told = await history_of("project", project_id, view.deps, view.who, limit=LIMIT, cursor=cursor)
    facts = await _thing(view, "project", project_id, stop)
    return _life(view, "project", project_id, told, cursor=cursor, **facts)


async def show_episode(view: Viewing, episode_id: UUID, stop: StopNumber = None, cursor: Cursor = None) -> Response:
    """Everything that happened to an episode and its drafts, and how it was after any of it."""
    told = await history_of("episode", episode_id, view.deps, view.who, limit=LIMIT, cursor=cursor)
    facts = await _thing(view, "episode", episode_id, stop)
    return _life(view, "episode", episode_id, told, cursor=cursor, **facts)


async def show_draft(view: Viewing, draft_id: UUID, stop: StopNumber = None, cursor: Cursor = None) -> Response:
    """Everything that happened to a draft, and how it was after any of it."""
    told = await history_of("draft", draft_id, view.deps, view.who, limit=LIMIT, cursor=cursor)
    facts = await _thing(view, "draft", draft_id, stop)
    return _life(view, "draft", draft_id, told, cursor=cursor, **facts)


async def _thing(view: View, kind: str, entity: UUID, stop: int | None) -> dict[str, Any]:
    return await things.then(view, kind, entity, stop) if view.who.allows(Scope.DOCUMENTS_READ) else _nothing(view)


def _life(view: View, kind: str, entity: UUID, told: Histories, **shown: Any) -> Response:
    view.shown(told)
    return view.show("audit/entity.html", kind=kind, entity=entity, told=told, **shown)


async def document_then(view: Viewing, document_id: UUID, stop: StopNumber = None) -> Response:
    """How a document was after an event, for the slider's script."""
    also(view, Scope.DOCUMENTS_READ)
    return view.show("audit/then.html", entity=document_id, **await _then(view, document_id, stop))


async def _then(view: View, document_id: UUID, number: int | None) -> dict[str, Any]:
    happened = await _happened(view, document_id)
    found = stops(happened)
    stop = chosen(found, number)
    behind = stop is not None and not await things.there(view, happened, stop, "documents")
    document, versions = await _as_of(view, document_id, None if behind else stop)
    if document is not None:
        view.shown(document)
    return {
        "stops": found,
        "stop": stop,
        "behind": behind,
        "document": document,
        "versions": versions,
        "most": MOST,
        "said": partial(said, view.t),
    }


def _nothing(view: View) -> dict[str, Any]:
    return {"stops": [], "said": partial(said, view.t)}


async def _happened(view: View, document_id: UUID) -> list[Happened]:
    rows: list[Happened] = []
    cursor = None
    for _ in range(PAGES):
        page = await view.reads.document_history(view.tenant, document_id, limit=EACH, cursor=cursor)
        rows += page.rows
        cursor = page.cursor
        if cursor is None:
            break
    return rows


async def _as_of(view: View, document_id: UUID, stop: Stop | None) -> tuple[Document | None, list[Version]]:
    if stop is None:
        return None, []
    then = view.reads.as_of(stop.moment)
    return await then.document(view.tenant, document_id), await then.versions(view.tenant, document_id)
