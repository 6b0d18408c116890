"""Projects between their tables and the pure fold."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from muniment.projections import ranged_store
from muniment.projections.projection import Connection
from muniment.projections.projects.state import EpisodeRow, MemberRow, OrderRow, Project, ProjectRow
from muniment.projections.projects.timeline import rows_of
from muniment.projections.ranged import Past
from muniment.projections.ranged_store import Table
from muniment.projections.rows import storable
from muniment.projections.sql import statements, within
from muniment.projections.upsert import built
from muniment.schemas.codec import Envelope
from muniment.schemas.projects import ProjectDeleted

Key = tuple[str, UUID]
"""Tenant and project."""
_SQL = statements("muniment.projections.projects", "store.sql")
_TABLES: Mapping[type, Table] = {
    ProjectRow: Table("projects", ("tenant", "project_id")),
    OrderRow: Table("orders", ("tenant", "project_id")),
    EpisodeRow: Table("episodes", ("tenant", "project_id", "episode_id")),
    MemberRow: Table("members", ("tenant", "project_id", "document_id")),
}


async def is_new(connection: Connection, schema: str, row: Sequence[Any]) -> bool:
    """Note what became of a command; false when that was known."""
    return bool(await connection.fetchval(within(_SQL["decided"], schema), *row))


async def happened(connection: Connection, schema: str, row: Sequence[Any]) -> None:
    """Note that something was said; nothing when that is known."""
    await connection.execute(within(_SQL["happened"], schema), *row)


async def load(connection: Connection, schema: str, said: Mapping[Key, Sequence[Envelope]]) -> dict[Key, Project]:
    """These projects, with what these facts can touch of what is in them."""
    keys = sorted(said)
    given = [t for t, _ in keys], [p for _, p in keys]
    events = [item.event for items in said.values() for item in items]
    whole = [event.project_id for event in events if isinstance(event, ProjectDeleted)]
    episodes = [one for event in events if (one := getattr(event, "episode_id", None))]
    documents = [one for event in events for name in ("added", "removed") for one in getattr(event, name, ())]
    heads = await _fetched(connection, schema, "projects", given)
    orders = await _fetched(connection, schema, "orders", given)
    inside = await _fetched(connection, schema, "episodes", (*given, list(set(episodes)), whole))
    members = await _fetched(connection, schema, "members", (*given, list(set(documents)), whole))
    return {
        key: Project(
            next((built(ProjectRow, row) for row in heads.get(key, ())), None),
            next((_order(row) for row in orders.get(key, ())), None),
            {row["episode_id"]: built(EpisodeRow, row) for row in inside.get(key, ())},
            {row["document_id"]: built(MemberRow, row) for row in members.get(key, ())},
        )
        for key in keys
    }


async def save(
    connection: Connection,
    schema: str,
    before: Mapping[Key, Project],
    after: Mapping[Key, Project],
    past: Sequence[Past],
) -> None:
    """Write what the fold has changed, and what it ended."""
    changes = [(rows_of(before[key]), rows_of(project)) for key, project in after.items()]
    await ranged_store.save(connection, schema, _TABLES, changes, past)


def key_of(item: Envelope) -> Key:
    """Whose project an event is about, and which."""
    project_id: UUID = getattr(item.event, "project_id")  # noqa: B009 - each of them has one, their base has not
    return storable(item.meta.tenant), project_id


async def _fetched(connection: Connection, schema: str, name: str, given: Iterable[Any]) -> dict[Key, list[Any]]:
    rows: dict[Key, list[Any]] = {}
    for row in await connection.fetch(within(_SQL[name], schema), *given):
        rows.setdefault((row["tenant"], row["project_id"]), []).append(row)
    return rows


def _order(row: Mapping[str, Any]) -> OrderRow:
    return built(OrderRow, dict(row) | {"episode_order": tuple(row["episode_order"])})
