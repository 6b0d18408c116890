"""Reading how Muniment was run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections import cursor as cursors
from muniment.projections.operations.entry import HOUSE, Entry
from muniment.projections.paging import Page, checked, conditions, page, start_after
from muniment.projections.sql import statements
from muniment.projections.upsert import built
from muniment.schemas.topics import NOT_HALTABLE

_SQL = statements("muniment.projections.operations")
_FLAG, _BREAKER = ("flag",), ("breaker_opened", "breaker_closed")
HISTORY = 200
"""Most entries of a history."""


@dataclass(frozen=True)
class RedriveRow:
    """A redrive. `letters` are on its list; of those `redriven` went back and `failed` came back once more."""

    redrive_id: UUID
    tenant: str
    actor: str
    started_at: datetime
    reason: str
    letters: int
    selection: Mapping[str, str]
    rate: float
    canary: int
    redriven: int
    failed: int
    last_at: datetime | None
    ended_at: datetime | None
    outcome: str | None
    ended_reason: str | None

    @property
    def state(self) -> str:
        """`running`, or how it ended: `done`, `stopped`, `canary_failed`."""
        return self.outcome or "running"


async def flags(pool: Any) -> dict[str, Entry]:
    """The last change of each flag that was ever set."""
    return _by_name(await pool.fetch(_SQL["latest"], _FLAG))


async def flag_history(pool: Any, name: str) -> list[Entry]:
    """The changes of a flag, newest first."""
    return await _history(pool, _FLAG, name)


async def model_at(pool: Any, at: datetime) -> str | None:
    """Whose vectors search read at a time; `None` when it was never switched from one model to another."""
    found: str | None = await pool.fetchval(_SQL["model_at"], at)
    return found


async def steps(pool: Any) -> dict[str, Entry]:
    """The last halt or resumption of each step that was ever halted.

    As `producers.operations.state.fold` has them: a person's halt is it until a person ends it.
    """
    return _by_name(await pool.fetch(_SQL["steps"], sorted(NOT_HALTABLE)))


async def breakers(pool: Any, parts_since: datetime) -> dict[str, Entry]:
    """The last opening or closing of each breaker that ever opened; of parts, such as hosts, those since that time."""
    return _by_name(await pool.fetch(_SQL["breakers"], _BREAKER, parts_since))


async def outcome(pool: Any, tenant: str, operation_id: UUID) -> list[Entry]:
    """What was decided on a command; empty when nothing was yet, or it is somebody else's."""
    return [_entry(row) for row in await pool.fetch(_SQL["outcome"], tenant, HOUSE, operation_id)]


async def operations(
    pool: Any, tenant: str, *, kind: str | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Entry]:
    """A page of what was done, newest first. Raises `ValueError` as every listing."""
    query = cursors.query_hash("operations", tenant, kind)
    moment, identity = start_after(query, cursor)
    condition, parameters = conditions([("kind = {}", kind)], 6)
    sql = _SQL["list"].replace("{filter}", condition)
    rows = await pool.fetch(sql, tenant, HOUSE, moment, identity, checked(limit) + 1, *parameters)
    return page(query, [(_entry(row), row["at"], row["event_id"]) for row in rows], limit)


async def redrives(pool: Any, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[RedriveRow]:
    """A page of redrives, newest first. Raises `ValueError` as every listing."""
    query = cursors.query_hash("redrives", tenant)
    moment, identity = start_after(query, cursor)
    rows = await pool.fetch(_SQL["redrives"], tenant, None, moment, identity, checked(limit) + 1)
    return page(query, [(built(RedriveRow, row), row["started_at"], row["event_id"]) for row in rows], limit)


async def redrive(pool: Any, tenant: str, redrive_id: UUID) -> RedriveRow | None:
    """One redrive; `None` for one that is not this tenant's."""
    rows = await pool.fetch(_SQL["redrives"], tenant, str(redrive_id), None, None, 1)
    return built(RedriveRow, rows[0]) if rows else None


def _by_name(rows: Sequence[Any]) -> dict[str, Entry]:
    return {row["about"]: _entry(row) for row in rows}


async def _history(pool: Any, kinds: Sequence[str], about: str) -> list[Entry]:
    return [_entry(row) for row in await pool.fetch(_SQL["history"], kinds, about, HISTORY)]


def _entry(row: Any) -> Entry:
    return built(Entry, row)
