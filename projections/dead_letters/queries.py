"""Reading dead letters; every query names its tenants."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from muniment.projections import cursor as cursors
from muniment.projections.dead_letters.letter import DeadLetter
from muniment.projections.paging import Page, checked, conditions, page, start_after
from muniment.projections.sql import statements
from muniment.projections.upsert import built
from muniment.schemas.record import Position

_SQL = statements("muniment.projections.dead_letters")
MOST_GROUPS = 200
_WORKED_ON = """({}::boolean and not exists (
    select from read.embedding_models m where m.model = branch and m.state in ('dropped', 'paused')))"""
Tenants = Sequence[str]
"""Whose letters: the caller's tenant and, for operators, the empty one of records that name none."""


@dataclass(frozen=True)
class LetterRow(DeadLetter):
    """A dead letter with what became of it (see `fate.Fate`)."""

    status: str
    redriven_by: UUID | None
    failed_as: str | None
    edits: int
    reason: str | None
    actor: str | None
    changed_at: datetime | None


@dataclass(frozen=True)
class GroupRow:
    """Dead letters of one cause. `programs` are the versions of Muniment that buried them, the last one last."""

    fingerprint: str
    step: str
    code: str
    category: str
    letters: int
    by_status: dict[str, int]
    first_seen: datetime
    last_seen: datetime
    sample: str
    error: str
    programs: tuple[str, ...]


@dataclass(frozen=True)
class RestingRow:
    """Letters of an embedding model that nobody embeds with; its `state` is `dropped` or `paused`."""

    model: str
    state: str
    letters: int


@dataclass(frozen=True)
class DeadLetterFilter:
    """Every given part must hold. `statuses` are alternatives; `since` is included, `until` is not.

    `worked_on` leaves out letters of embedding models that nobody embeds with: those that are dropped or paused.
    """

    step: str | None = None
    code: str | None = None
    category: str | None = None
    fingerprint: str | None = None
    document_id: UUID | None = None
    job_id: UUID | None = None
    statuses: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None
    letters: tuple[str, ...] | None = None
    worked_on: Literal[True] | None = None

    def parts(self) -> list[tuple[str, Any]]:
        """Conditions with their values."""
        names = ("step", "code", "category", "fingerprint", "document_id", "job_id")
        return [
            *((name + " = {}", getattr(self, name)) for name in names),
            ("status = any({})", self.statuses),
            ("failed_at >= {}", self.since),
            ("failed_at < {}", self.until),
            ("letter = any({})", self.letters),
            (_WORKED_ON, self.worked_on),
        ]


async def dead_letter(pool: Any, tenants: Tenants, place: Position) -> LetterRow | None:
    """The dead letter at a place of the dead-letter topic; `None` for one that is not these tenants'."""
    row = await pool.fetchrow(_SQL["get"], tenants, str(place))
    return built(LetterRow, row) if row else None


async def dead_letters(
    pool: Any, tenants: Tenants, wanted: DeadLetterFilter | None = None, *, limit: int = 50, cursor: str | None = None
) -> Page[LetterRow]:
    """A page of dead letters, newest first.

    Raises:
        ValueError: `limit` out of bounds, or (`BadCursor`) a cursor of another query.

    """
    narrowed = wanted or DeadLetterFilter()
    query = cursors.query_hash("dead_letters", sorted(tenants), repr(narrowed))
    moment, identity = start_after(query, cursor)
    condition, parameters = conditions(narrowed.parts(), 5)
    sql = _SQL["list"].replace("{filter}", condition)
    rows = await pool.fetch(sql, tenants, moment, identity, checked(limit) + 1, *parameters)
    return page(query, [(built(LetterRow, r), r["failed_at"], r["identity"]) for r in rows], limit)


async def groups(
    pool: Any, tenants: Tenants, wanted: DeadLetterFilter | None = None, *, limit: int = MOST_GROUPS
) -> list[GroupRow]:
    """The letters by cause, the group with the newest letter first, at most `limit` groups."""
    condition, parameters = conditions((wanted or DeadLetterFilter()).parts(), 3)
    rows = await pool.fetch(_SQL["groups"].replace("{filter}", condition), tenants, limit, *parameters)
    return [_group(row) for row in rows]


async def counted(pool: Any, tenants: Tenants, wanted: DeadLetterFilter | None = None) -> int:
    """How many letters there are, of however many causes."""
    condition, parameters = conditions((wanted or DeadLetterFilter()).parts(), 2)
    return int(await pool.fetchval(_SQL["counted"].replace("{filter}", condition), tenants, *parameters))


async def resting(pool: Any, tenants: Tenants, wanted: DeadLetterFilter | None = None) -> list[RestingRow]:
    """The letters of embedding models that nobody embeds with, by model."""
    condition, parameters = conditions((wanted or DeadLetterFilter()).parts(), 2)
    rows = await pool.fetch(_SQL["resting"].replace("{filter}", condition), tenants, *parameters)
    return [built(RestingRow, row) for row in rows]


async def waiting(pool: Any) -> int:
    """Dead letters of all tenants that wait for an operator."""
    return int(await pool.fetchval(_SQL["waiting"]))


def _group(row: Any) -> GroupRow:
    return GroupRow(
        fingerprint=row["fingerprint"],
        step=row["step"],
        code=row["code"],
        category=row["category"],
        letters=row["letters"],
        by_status=json.loads(row["by_status"]),
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        sample=row["sample"],
        error=row["error"],
        programs=tuple(row["programs"]),
    )
