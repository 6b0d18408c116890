"""Reading histories: what the log says of a document or job, with what each event changed in the read models."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from muniment.projections import cursor as cursors
from muniment.projections.history.entry import Entry
from muniment.projections.paging import Page, checked
from muniment.projections.sql import statements
from muniment.projections.upsert import built

_SQL = statements("muniment.projections.history")
Part = Literal["project_id", "episode_id", "draft_id"]
"""What a history of a project is of: all of it, an episode, a draft."""
_HIDDEN = frozenset({
    "tenant", "document_id", "job_id", "from_at", "from_place", "to_at", "to_place", "ordered_at", "erased_at",
    "updated_at", "batches", "summed", "active_at", "command_partition", "command_offset",
})  # fmt: skip
"""Columns whose change is no news: whose row it is, since when, and what only folding needs."""

_PAID = frozenset({"DraftWritten", "DraftCharged"})
"""Events of a project that tell what a call of a model cost."""
_JSON = frozenset({"metadata", "findings"})


@dataclass(frozen=True)
class Change:
    """What an event changed: `of` is `document`, `version 2` or `job`; `None` is nothing."""

    of: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Cause:
    """An event that led to another."""

    event_id: UUID
    event: str
    place: str


@dataclass(frozen=True)
class Happened:
    """What the log says at a place, what it followed from (the nearest cause first), and what it changed."""

    entry: Entry
    causes: tuple[Cause, ...] = field(default=())
    changes: tuple[Change, ...] = field(default=())


async def of_document(
    pool: Any, tenant: str, document_id: UUID, *, limit: int = 50, cursor: str | None = None
) -> Page[Happened]:
    """A page of what happened to a document, in the order of the log; empty for one that is not this tenant's.

    Raises:
        ValueError: `limit` out of bounds, or (`BadCursor`) a cursor of another query.

    """
    query = cursors.query_hash("history of a document", tenant, document_id)
    sql = _SQL["of_document"].replace("{of_project}", "false")
    rows = await pool.fetch(sql, tenant, document_id, *_after(query, cursor), checked(limit) + 1)
    sources = {"document": "documents", "version": "versions"}
    return await _page(pool, query, rows, limit, {of: (name, []) for of, name in sources.items()})


async def of_project(
    pool: Any, tenant: str, part: Part, identity: UUID, *, limit: int = 50, cursor: str | None = None
) -> Page[Happened]:
    """A page of what happened to a project, or to an episode or a draft alone; see `of_document`.

    What an event changed is not told beside it: it is what the event says. But what a draft has cost by then.
    """
    query = cursors.query_hash("history of a part of a project", part, tenant, identity)
    whole = part == "project_id"
    sql = _SQL["of_document"].replace("{of_project}", "true") if whole else _SQL["of_part"].replace("{part}", part)
    rows = await pool.fetch(sql, tenant, identity, *_after(query, cursor), checked(limit) + 1)
    return await _page(pool, query, rows, limit, {"draft": ("costs", [])}, only=_PAID)


async def of_job(pool: Any, tenant: str, job_id: UUID, *, limit: int = 50, cursor: str | None = None) -> Page[Happened]:
    """A page of what happened to a job, in the order of the log; see `of_document`."""
    query = cursors.query_hash("history of a job", tenant, job_id)
    turns = await pool.fetchrow(_SQL["turns"], tenant, job_id)
    where = (turns["document_id"], turns["places"]) if turns else (None, [])
    after = _after(query, cursor)
    rows = await pool.fetch(_SQL["of_job"], tenant, job_id, *after, checked(limit) + 1, *where)
    return await _page(pool, query, rows, limit, {"job": ("jobs", [job_id])})


def changes(of: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Change]:
    """What differs between two rows of one kind; a row that is not there yet has nothing in its columns."""
    names = [name for name in dict(after or before or {}) if name not in _HIDDEN]
    then, now = [{} if row is None else {name: _told(name, row[name]) for name in names} for row in (before, after)]
    return [Change(of, name, then.get(name), now.get(name)) for name in names if then.get(name) != now.get(name)]


def _told(name: str, value: Any) -> Any:
    found = json.loads(value) if name in _JSON and isinstance(value, str) else value
    # What was never filled and what is empty say the same.
    return None if found in ({}, 0, "") else found


def _after(query: str, cursor: str | None) -> tuple[datetime | None, str | None]:
    if cursor is None:
        return None, None
    place = cursors.decode(query, cursor)
    try:
        at, where = place
        return datetime.fromisoformat(at), str(where)
    except (ValueError, TypeError) as error:
        raise cursors.BadCursor("not a cursor") from error


async def _page(  # noqa: PLR0917 - what a page is of
    pool: Any,
    query: str,
    rows: Sequence[Any],
    limit: int,
    sources: Mapping[str, tuple[str, list[Any]]],
    only: frozenset[str] | None = None,
) -> Page[Happened]:
    """The page; `only` are the events whose changes are told."""
    entries = [built(Entry, row) for row in rows[:limit]]
    if not entries:
        return Page((), None)
    tenant, document_id, places = entries[0].tenant, entries[0].document_id, [e.place for e in entries]
    causes: dict[UUID, list[Cause]] = {}
    for row in await pool.fetch(_SQL["causes"], tenant, document_id, places):
        causes.setdefault(row["of"], []).append(Cause(row["event_id"], row["event"], row["place"]))
    changed: dict[str, list[Change]] = {place: [] for place in places}
    asked = [e.place for e in entries if only is None or e.event in only]
    for of, (name, more) in sources.items() if asked else ():
        found = await pool.fetch(_SQL[name], tenant, document_id, asked, *more)
        for place in asked:
            changed[place] += _changed_at(of, place, found)
    last = entries[-1]
    return Page(
        tuple(Happened(e, tuple(causes.get(e.event_id, ())), tuple(changed[e.place])) for e in entries),
        cursors.encode(query, [last.at.isoformat(), last.place]) if len(rows) > limit else None,
    )


def _changed_at(of: str, place: str, rows: Sequence[Any]) -> list[Change]:
    """What changed at a place, row by row: what ended there against what began there."""
    pairs: dict[Any, list[Any]] = {}
    for row in rows:
        number = row["version"] if of == "version" else None
        if row["to_place"] == place:
            pairs.setdefault(number, [None, None])[0] = row
        if row["from_place"] == place:
            pairs.setdefault(number, [None, None])[1] = row
    return [
        change
        for number, (before, after) in sorted(pairs.items(), key=lambda item: item[0] or 0)
        for change in changes(of if number is None else f"{of} {number}", before, after)
        if (change.of, change.field) != (f"version {number}", "version")
    ]
