"""Reading projects, episodes, and what became of commands; every query names its tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections import cursor as cursors
from muniment.projections.as_of import told
from muniment.projections.like import containing
from muniment.projections.paging import Page, checked, conditions, page, start_after
from muniment.projections.sql import statements
from muniment.projections.upsert import built
from muniment.projections.validity import Moment
from muniment.schemas.topics import PROJECTS

_SQL = statements("muniment.projections.projects")


@dataclass(frozen=True)
class ProjectRow:
    """A project. `documents` and `episodes` are how many it has."""

    project_id: UUID
    title: str
    description: str
    revision: int
    archived: bool
    documents: int
    episodes: int
    created_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class EpisodeRow:
    """An episode at its `place` among those of its project, from 0.

    `script` is the draft that is its script now, `number` how often one was committed.
    """

    project_id: UUID
    episode_id: UUID
    title: str
    brief: str
    revision: int
    archived: bool
    place: int
    script: UUID | None
    number: int
    created_by: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class MemberRow:
    """A document of a project; what describes it is none while it is on its way, and once it is deleted."""

    document_id: UUID
    added_at: datetime
    title: str | None
    file_name: str | None
    status: str | None
    media_type: str | None


@dataclass(frozen=True)
class DecisionRow:
    """What became of a command: the fact that it led to, or `ProjectCommandRejected` with its `code`."""

    command_id: UUID
    project_id: UUID
    episode_id: UUID | None
    draft_id: UUID | None
    event: str
    code: str
    revision: int
    at: datetime


@dataclass(frozen=True)
class HappenedRow:
    """Something that was said of a project, an episode or a draft; `offset` is its place in the project's order."""

    event_id: UUID
    offset: int
    event: str
    episode_id: UUID | None
    draft_id: UUID | None
    job_id: UUID | None
    revision: int | None
    number: int | None
    code: str | None
    actor: str
    at: datetime


async def project(pool: Any, tenant: str, project_id: UUID, at: Moment | None = None) -> ProjectRow | None:
    """One project, as of a moment if one is given; `None` for one that is deleted, or not this tenant's."""
    sql, parameters = _told(_SQL["project"], [tenant, project_id], at)
    row = await pool.fetchrow(sql, *parameters)
    return built(ProjectRow, row) if row else None


async def projects(
    pool: Any,
    tenant: str,
    *,
    archived: bool | None = None,
    text: str | None = None,
    document_id: UUID | None = None,
    limit: int = 50,
    cursor: str | None = None,
    at: Moment | None = None,
) -> Page[ProjectRow]:
    """A page of a tenant's projects, newest first, as of a moment if one is given.

    `text` is looked for in the title, in any case of letters.

    Raises:
        ValueError: `limit` out of bounds, or (`BadCursor`) a cursor of another query.

    """
    query = cursors.query_hash("projects", tenant, archived, text, document_id, *(at or ()))
    has = "exists (select from {{project_documents}} m where m.tenant = p.tenant"
    parts = [
        ("archived = {}", archived),
        ("title ilike {}", containing(text)),
        (has + " and m.project_id = p.project_id and m.document_id = {})", document_id),
    ]
    condition, parameters = conditions(parts, 5)
    given = [tenant, *start_after(query, cursor), checked(limit) + 1, *parameters]
    sql, given = _told(_SQL["projects"].replace("{filter}", condition), given, at)
    rows = await pool.fetch(sql, *given)
    return page(query, [(built(ProjectRow, r), r["created_at"], r["project_id"]) for r in rows], limit)


async def episode(
    pool: Any, tenant: str, project_id: UUID, episode_id: UUID, at: Moment | None = None
) -> EpisodeRow | None:
    """One episode, as of a moment if one is given; `None` when the project has none of that id."""
    sql, parameters = _told(_SQL["episode"], [tenant, project_id, episode_id], at)
    row = await pool.fetchrow(sql, *parameters)
    return built(EpisodeRow, row) if row else None


async def episodes(
    pool: Any,
    tenant: str,
    project_id: UUID,
    *,
    archived: bool | None = None,
    limit: int = 50,
    cursor: str | None = None,
    at: Moment | None = None,
) -> Page[EpisodeRow]:
    """A page of the episodes of a project, in their order, as of a moment if one is given. Raises as `projects`."""
    query = cursors.query_hash("episodes", tenant, project_id, archived, *(at or ()))
    after = -1
    if cursor is not None:
        place = cursors.decode(query, cursor)
        if len(place) != 1 or not isinstance(place[0], int):
            raise cursors.BadCursor("not a cursor")
        after = place[0]
    condition, parameters = conditions([("archived = {}", archived)], 5)
    given = [tenant, project_id, after, checked(limit) + 1, *parameters]
    sql, given = _told(_SQL["episodes"].replace("{filter}", condition), given, at)
    rows = await pool.fetch(sql, *given)
    shown = tuple(built(EpisodeRow, row) for row in rows[:limit])
    return Page(shown, cursors.encode(query, [shown[-1].place]) if len(rows) > limit else None)


async def documents(
    pool: Any,
    tenant: str,
    project_id: UUID,
    *,
    limit: int = 50,
    cursor: str | None = None,
    at: Moment | None = None,
) -> Page[MemberRow]:
    """A page of the documents of a project, the last ones added first, as of a moment if one is given.

    Raises as `projects`.
    """
    query = cursors.query_hash("documents of a project", tenant, project_id, *(at or ()))
    given = [tenant, *start_after(query, cursor), checked(limit) + 1, project_id]
    sql, given = _told(_SQL["documents"], given, at)
    rows = await pool.fetch(sql, *given)
    return page(query, [(built(MemberRow, r), r["added_at"], r["document_id"]) for r in rows], limit)


async def members(pool: Any, tenant: str, project_id: UUID, document_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these documents are the project's."""
    rows = await pool.fetch(_SQL["members"], tenant, project_id, list(document_ids))
    return {row["document_id"] for row in rows}


async def projects_of(pool: Any, tenant: str, document_id: UUID) -> list[UUID]:
    """The projects that a document is in, in the order in which it went into them."""
    return [row["project_id"] for row in await pool.fetch(_SQL["projects_of"], tenant, document_id)]


async def last(pool: Any, tenant: str, project_id: UUID) -> int:
    """Where the last that happened to a project lies in its partition; -1 before anything has."""
    found: int | None = await pool.fetchval(_SQL["last"], tenant, project_id)
    return -1 if found is None else found


async def happened(pool: Any, tenant: str, project_id: UUID, after: int, limit: int) -> list[HappenedRow]:
    """What happened to a project after a place of its partition, in the order of the log."""
    rows = await pool.fetch(_SQL["happened"], tenant, project_id, after, limit)
    return [built(HappenedRow, row) for row in rows]


async def moved(pool: Any, since: Mapping[int, int] | None) -> tuple[set[tuple[str, UUID]], Mapping[int, int]]:
    """The projects, with their tenants, that something happened to since, and how far partitions are folded now.

    Without `since` there are none.
    """
    reached = {row["partition"]: row["next_offset"] for row in await pool.fetch(_SQL["reached"], PROJECTS.name)}
    beyond = [(p, since.get(p, 0)) for p, n in reached.items() if n > since.get(p, 0)] if since is not None else []
    if not beyond:
        return set(), reached
    rows = await pool.fetch(_SQL["moved"], [p for p, _ in beyond], [n for _, n in beyond])
    return {(row["tenant"], row["project_id"]) for row in rows}, reached


async def everything_in(pool: Any, tenant: str, project_id: UUID, up_to: int) -> dict[UUID, int]:
    """The documents of a project that came in up to a place of its partition and are in it still, with that place."""
    rows = await pool.fetch(_SQL["everything_in"], tenant, project_id, up_to)
    return {row["document_id"]: row["came_in"] for row in rows}


async def decision(pool: Any, tenant: str, command_id: UUID) -> DecisionRow | None:
    """What became of a command; `None` when that has not been folded, or is not this tenant's."""
    row = await pool.fetchrow(_SQL["decision"], tenant, command_id)
    return built(DecisionRow, row) if row else None


def _told(statement: str, given: list[Any], at: Moment | None) -> tuple[str, list[Any]]:
    return told(
        statement,
        given,
        at,
        projects="project_ranges",
        episodes="episode_ranges",
        episode_orders="episode_order_ranges",
        project_documents="project_document_ranges",
        documents="document_ranges",
    )
