"""Routes of histories: every event of a document, a job or a project, in the order of the log."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path

from muniment.api import history_answers as told
from muniment.api.access import Auditor, Principal, may_audit
from muniment.api.dependencies import Dependencies, Deps
from muniment.api.documents import READ_ONE
from muniment.api.paging import Cursor, Limit, listed
from muniment.api.problems.docs import problems
from muniment.api.problems.problem import Problem
from muniment.api.waiting import caught_up
from muniment.projections.history.entry import BURIED
from muniment.projections.history.queries import Happened, Part
from muniment.schemas.error_codes import POLICIES, Policy
from muniment.schemas.errors import MunimentError
from muniment.schemas.event import REGISTRY
from muniment.schemas.personal import REDACTED, Redaction
from muniment.schemas.record import Position
from muniment.schemas.retry_headers import retry_state

router = APIRouter(prefix="/v1", tags=["audit"])
known = caught_up("history", may_audit)
_AT_ONCE = 4
"""Records read from the log side by side."""
_ABOUT = {
    "document": ("a document", "In the order of the log, also of a document that was deleted."),
    "job": ("a job", "In the order of the log, with what ended the job from without."),
    "project": ("a project", "With its episodes and drafts, in the order of the log, also of one that was deleted."),
    "episode": ("an episode", "With its drafts."),
    "draft": ("a draft", "From the request to what became of it."),
}
"""What has a history, and what its reader is told of it."""
_PARTS: dict[str, Part] = {"project": "project_id", "episode": "episode_id", "draft": "draft_id"}


async def history_of(
    kind: str, which: UUID, deps: Dependencies, who: Principal, *, limit: int, cursor: str | None
) -> told.Histories:
    """A part of the history of a thing; `kind` is a key of `_ABOUT`.

    Raises:
        Problem: `not_found`, also when it is somebody else's; `invalid_request` for a cursor that is none.
        StepFailure: `database_unavailable`, `log_unavailable`, `key_ring_unusable`.

    """
    reads = deps.reads
    if kind == "document":
        asked = reads.document_history(who.tenant, which, limit=limit, cursor=cursor)
    elif kind == "job":
        asked = reads.job_history(who.tenant, which, limit=limit, cursor=cursor)
    else:
        asked = reads.project_history(who.tenant, _PARTS[kind], which, limit=limit, cursor=cursor)
    page = await listed(asked)
    if cursor is None and not page.rows:
        raise Problem("not_found", f"There is no such {kind}.")
    reasons = await _reasons(deps, page.rows)
    return told.Histories(
        items=[_answer(row, reasons.get(row.entry.place)) for row in page.rows], next_cursor=page.cursor
    )


def _add(kind: str, noun: str, description: str) -> None:
    """The route of one kind: all are alike but for the name of the parameter and what is said of it."""

    @router.get(
        f"/{kind}s/{{{kind}_id}}/history",
        operation_id=f"get{kind.title()}History",
        summary=f"Everything that happened to {noun}",
        description=description,
        responses={**READ_ONE, **problems("key_ring_unusable")},
        dependencies=[known],
    )
    async def get_history(
        which: Annotated[UUID, Path(alias=f"{kind}_id")],
        deps: Deps,
        who: Auditor,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> told.Histories:
        return await history_of(kind, which, deps, who, limit=limit, cursor=cursor)


for _kind, _said in _ABOUT.items():
    _add(_kind, *_said)


def _answer(row: Happened, reason: str | None) -> told.HistoryEntry:
    entry = row.entry
    return told.HistoryEntry(
        position=str(Position.parse(entry.place)),
        at=entry.at,
        event=entry.event,
        event_id=entry.event_id,
        document_id=None if entry.of_project else entry.document_id,
        project_id=entry.document_id if entry.of_project else None,
        episode_id=entry.episode_id,
        draft_id=entry.draft_id,
        job_id=entry.job_id,
        actor=entry.actor or None,
        source=entry.source,
        reason=reason,
        causes=[
            told.Cause(event_id=c.event_id, event=c.event, position=str(Position.parse(c.place))) for c in row.causes
        ],
        changes=[told.Change(of=c.of, field=c.field, before=c.before, after=c.after) for c in row.changes],
    )


async def _reasons(deps: Dependencies, rows: Sequence[Happened]) -> dict[str, str]:
    """What the records say of why, by place: reasons are sealed, so they are read from the log itself."""
    wanted = [row.entry.place for row in rows if row.entry.event == BURIED or row.entry.event in _WITH_REASON]
    side_by_side = asyncio.Semaphore(_AT_ONCE)

    async def read(place: str) -> str | None:
        async with side_by_side:
            return await _reason(deps, place)

    found = await asyncio.gather(*(read(place) for place in wanted))
    return {place: reason for place, reason in zip(wanted, found, strict=True) if reason}


async def _reason(deps: Dependencies, place: str) -> str | None:
    record = await deps.records.at(Position.parse(place)) if deps.records else None
    if record is None:
        return None
    if state := retry_state(record):
        return f"{state.code.value}: {state.error}"
    try:
        event: Any = (await deps.codec.decode(record)).event
    except MunimentError as error:
        if POLICIES[error.code] is Policy.BLOCK:
            raise
        # It stands among the parked; what it said cannot be told.
        return None
    reason, code = getattr(event, "reason", None), getattr(event, "code", None)
    text = REDACTED.value if isinstance(reason, Redaction) else reason
    return ": ".join(part for part in (code, text) if part) or None


_WITH_REASON = frozenset(
    declared.name
    for declared in REGISTRY.values()
    if {"reason", "code"} & {name for name, _ in (*declared.clear, *declared.personal)}
)
