"""Drafts and commits, in and out of their tables."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from muniment.projections import ranged_store
from muniment.projections.projection import Connection
from muniment.projections.ranged import Past
from muniment.projections.ranged_store import Table
from muniment.projections.scripts.state import (
    ChargeRow,
    CitationRow,
    Commit,
    Draft,
    Head,
    PassageRow,
    Script,
    SourceRow,
)
from muniment.projections.scripts.timeline import Key, Known, project_of, rows_of
from muniment.projections.sql import statements, within
from muniment.projections.upsert import built, upsert
from muniment.schemas.codec import Envelope
from muniment.schemas.projects import EpisodeDeleted, ProjectDeleted
from muniment.schemas.scripts import DraftCommitted

_SQL = statements("muniment.projections.scripts", "store.sql")
_ROWS: Mapping[str, tuple[type, str]] = {
    "passages": (PassageRow, "number"),
    "citations": (CitationRow, "place"),
    "sources": (SourceRow, "document_id, version"),
    "charges": (ChargeRow, "attempt"),
}
_TABLES: Mapping[type, Table] = {
    Draft: Table("drafts", ("tenant", "draft_id")),
    PassageRow: Table("passages", ("tenant", "draft_id", "number")),
    CitationRow: Table("citations", ("tenant", "draft_id", "place")),
    SourceRow: Table("sources", ("tenant", "draft_id", "document_id", "version")),
    ChargeRow: Table("charges", ("tenant", "draft_id", "attempt")),
    Commit: Table("commits", ("tenant", "episode_id", "number")),
}


async def load(connection: Connection, schema: str, items: Sequence[Envelope]) -> Known:
    """What these facts can touch, as far as it is there."""
    drafts = {key for item in items for key in _concerned(item)}
    projects = sorted({project_of(item) for item in items})
    given = [t for t, _ in projects], [p for _, p in projects]
    heads = await connection.fetch(within(_SQL["heads"], schema), *given)
    events = [item.event for item in items]
    named = [(event.episode_id, event.number) for event in events if isinstance(event, DraftCommitted)]
    columns = [e for e, _ in named], [n for _, n in named]
    episodes = [event.episode_id for event in events if isinstance(event, EpisodeDeleted)]
    whole = [event.project_id for event in events if isinstance(event, ProjectDeleted)]
    commits = []
    if named or episodes or whole:
        commits = await connection.fetch(within(_SQL["commits"], schema), *given, *columns, episodes, whole)
    return Known(
        await _scripts(connection, schema, drafts),
        {(row["tenant"], row["episode_id"], row["number"]): built(Commit, row) for row in commits},
        {(row["tenant"], row["project_id"]): built(Head, row) for row in heads},
    )


async def save(connection: Connection, schema: str, before: Known, after: Known, past: Sequence[Past]) -> None:
    """Write what the fold has changed, and what it ended: of erased drafts without a word of what they said."""
    changes = [(rows_of(before.scripts.get(key)), rows_of(script)) for key, script in sorted(after.scripts.items())]
    await ranged_store.save(connection, schema, _TABLES, [*changes, (before.commits, after.commits)], past)
    for key, script in sorted(after.scripts.items()):
        erased_at, known = script.draft.erased_at, before.scripts.get(key)
        if erased_at is not None and (known is None or known.draft.erased_at is None):
            await connection.execute(within(_SQL["unreadable"], schema), *key, erased_at)
    heads = [head for key, head in sorted(after.heads.items()) if before.heads.get(key) != head]
    await upsert(connection, f"{schema}.heads", ("tenant", "project_id"), heads)


async def _scripts(connection: Connection, schema: str, keys: Collection[Key]) -> dict[Key, Script]:
    """Those of these drafts that are there, with all that hangs on them."""
    wanted = sorted(keys)
    given = [t for t, _ in wanted], [d for _, d in wanted]
    heads = {
        (row["tenant"], row["draft_id"]): _draft(row)
        for row in await connection.fetch(within(_SQL["drafts"], schema), *given)
    }
    hanging: dict[str, dict[Key, list[Any]]] = {table: {key: [] for key in heads} for table in _ROWS}
    for table, (cls, order) in _ROWS.items():
        sql = within(_SQL["rows"], schema, table=table, order=order)
        for row in await connection.fetch(sql, *given):
            hanging[table][row["tenant"], row["draft_id"]].append(built(cls, row))
    return {key: Script(draft, *(tuple(hanging[table][key]) for table in _ROWS)) for key, draft in heads.items()}


def _concerned(item: Envelope) -> list[Key]:
    event, tenant = item.event, item.meta.tenant
    if isinstance(event, EpisodeDeleted | ProjectDeleted):
        return [(tenant, draft_id) for draft_id in event.drafts]
    named: list[UUID | None] = [getattr(event, name, None) for name in ("draft_id", "based_on")]
    return [(tenant, draft_id) for draft_id in named if draft_id is not None]


def _draft(row: Mapping[str, Any]) -> Draft:
    return built(Draft, dict(row) | {"document_ids": tuple(row["document_ids"])})
