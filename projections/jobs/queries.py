"""Reading jobs; every query names its tenant."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections import cursor as cursors
from muniment.projections.as_of import told
from muniment.projections.paging import Page, checked, conditions, page, start_after
from muniment.projections.sql import statements
from muniment.projections.upsert import built
from muniment.projections.validity import Moment

_RAW = statements("muniment.projections.jobs")


def with_places(statement: str) -> str:
    """A statement with what it says of places in the queue filled in; its jobs are still to be named."""
    statement = statement.replace("{places}", _RAW["places"])
    for alias in ("x", "j"):
        statement = statement.replace("{line_of_" + alias + "}", _RAW["line"].replace("{job}", alias))
    return statement


_SQL = {name: with_places(statement) for name, statement in _RAW.items()}
_OF_DOCUMENTS = " and j.document_id = any(array(select document_id from read.jobs where {jobs}))"
"""The past of jobs lies in the order of their documents."""


@dataclass(frozen=True)
class JobRow:
    """A job as readers see it.

    `queue_position` counts from 1 among the tenant's queued jobs of its lane; `cost_micros` is millionths of the
    currency unit; `error_code` and `error` tell of the last failure while it waits for a retry, and of its end when it
    has failed. `document_id` is that of the project for a job of kind `generate`, and for the cancellation of one.
    """

    job_id: UUID
    tenant: str
    kind: str
    document_id: UUID
    version: int | None
    state: str
    step: str
    done: int | None
    total: int | None
    unit: str | None
    attempt: int
    waits: int
    retry_due_at: datetime | None
    error_code: str | None
    error: str | None
    tokens: int
    cost_micros: int
    chunks: int | None
    embedded: int
    reused: int
    lane: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    command_partition: int
    command_offset: int
    queue_position: int | None
    project_id: UUID | None = None
    episode_id: UUID | None = None
    draft_id: UUID | None = None

    @property
    def indexed(self) -> bool:
        """Whether it brought a version that the log calls whole; one that found nothing new did not."""
        early = {"deciding", "fetching"}
        return self.state == "succeeded" and self.kind == "submit" and self.step not in early


@dataclass(frozen=True)
class JobFilter:
    """Every given part must hold."""

    state: str | None = None
    kind: str | None = None
    document_id: UUID | None = None
    project_id: UUID | None = None
    draft_id: UUID | None = None

    def parts(self) -> list[tuple[str, Any]]:
        """Conditions with their values."""
        named = ("state", "kind", "document_id", "project_id", "draft_id")
        return [(f"{name} = {{}}", getattr(self, name)) for name in named]


async def job(pool: Any, tenant: str, job_id: UUID, at: Moment | None = None) -> JobRow | None:
    """One job, as of a moment if one is given; `None` for one that is not this tenant's."""
    sql, parameters = told(_SQL["get"], [tenant, job_id], at, jobs="job_ranges")
    sql += "" if at is None else _OF_DOCUMENTS.replace("{jobs}", "job_id = $2")
    row = await pool.fetchrow(sql, *parameters)
    return built(JobRow, row) if row else None


async def jobs(
    pool: Any,
    tenant: str,
    wanted: JobFilter | None = None,
    *,
    limit: int = 50,
    cursor: str | None = None,
    at: Moment | None = None,
) -> Page[JobRow]:
    """A page of a tenant's jobs, newest first, as of a moment if one is given.

    Raises:
        ValueError: `limit` out of bounds, or (`BadCursor`) a cursor of another query.

    """
    narrowed = wanted or JobFilter()
    query = cursors.query_hash("jobs", tenant, repr(narrowed), *(at or ()))
    moment, identity = start_after(query, cursor)
    condition, parameters = conditions(narrowed.parts(), 5)
    given = [tenant, moment, identity, checked(limit) + 1, *parameters]
    sql, given = told(_SQL["list"], given, at, jobs="job_ranges")
    rows = await pool.fetch(sql.replace("{filter}", condition), *given)
    return page(query, [(built(JobRow, r), r["created_at"], r["job_id"]) for r in rows], limit)


async def jobs_by_id(pool: Any, tenant: str, job_ids: Sequence[UUID], at: Moment | None = None) -> list[JobRow]:
    """These jobs, as far as they are the tenant's and known already, or were at a moment; in no order."""
    sql, parameters = told(_SQL["some"], [tenant, list(job_ids)], at, jobs="job_ranges")
    sql += "" if at is None else _OF_DOCUMENTS.replace("{jobs}", "job_id = any($2)")
    return [built(JobRow, row) for row in await pool.fetch(sql, *parameters)]


async def open_jobs(pool: Any) -> int:
    """Jobs of all tenants that have not ended."""
    return int(await pool.fetchval(_SQL["open"]))
