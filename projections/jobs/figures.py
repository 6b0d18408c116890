"""Reading jobs as figures: what ended when, what waits for a retry, how many are where; of one tenant each."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from muniment.projections import cursor as cursors
from muniment.projections.jobs.queries import JobRow
from muniment.projections.paging import Page, checked, page, start_after
from muniment.projections.sql import statements
from muniment.projections.upsert import built

_SQL = statements("muniment.projections.jobs", "figures.sql")
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
"""As what a retry without a due time is sorted."""


@dataclass(frozen=True)
class Ended:
    """The jobs that ended in one span of time.

    Attributes:
        at: Where the span begins.
        others: Those that were refused, rejected or cancelled.
        cost_micros: What they cost, in millionths of the currency unit, whenever that was spent.
        median_s: Seconds from command to end that half of them stayed below; `slow_s`: that 95 of 100 did.

    """

    at: datetime
    succeeded: int
    failed: int
    others: int
    chunks: int
    tokens: int
    cost_micros: int
    median_s: float
    slow_s: float


@dataclass(frozen=True)
class Open:
    """How many jobs are in one state at one step of one lane."""

    state: str
    step: str
    lane: str
    jobs: int


async def ended(pool: Any, tenant: str, since: datetime, until: datetime, span: timedelta) -> list[Ended]:
    """What ended from `since` until before `until`, in spans of this length from `since` on; empty spans are left out.

    What a job cost counts in the span in which it ended.
    """
    return [built(Ended, row) for row in await pool.fetch(_SQL["ended"], tenant, since, until, span)]


async def due(pool: Any, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[JobRow]:
    """A page of the jobs that wait for a retry, the next one due first. Raises `ValueError` as every listing."""
    query = cursors.query_hash("due jobs", tenant)
    moment, identity = start_after(query, cursor)
    rows = await pool.fetch(_SQL["due"], tenant, moment, identity, checked(limit) + 1)
    return page(query, [(built(JobRow, r), r["retry_due_at"] or _NEVER, r["job_id"]) for r in rows], limit)


async def still_open(pool: Any, tenant: str) -> list[Open]:
    """How many jobs have not ended, by state, step and lane."""
    return [built(Open, row) for row in await pool.fetch(_SQL["open"], tenant)]
