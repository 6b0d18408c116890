"""Reading documents and versions; every query names its tenant."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections import cursor as cursors
from muniment.projections.as_of import told
from muniment.projections.documents.state import Head as DocumentRow
from muniment.projections.documents.state import Version as VersionRow
from muniment.projections.like import containing
from muniment.projections.paging import Page, checked, conditions, page, start_after
from muniment.projections.sql import statements
from muniment.projections.upsert import built
from muniment.projections.validity import Moment

__all__ = [
    "DocumentFilter",
    "DocumentRow",
    "Latest",
    "VersionRow",
    "document",
    "document_with_latest",
    "documents",
    "version",
    "versions",
]
_SQL = statements("muniment.projections.documents")
_IN_PROJECT = (
    "(tenant, document_id) in (select m.tenant, m.document_id from {{project_documents}} m where m.project_id = {})"
)


@dataclass(frozen=True)
class DocumentFilter:
    """Every given part must hold; deleted documents are listed when their status is asked for.

    `project_id` is of the project that they are in at the moment that is asked about.
    `title` is looked for in the title, `text` in title and file name; in any case of letters.
    """

    status: str | None = None
    media_type: str | None = None
    source: str | None = None
    title: str | None = None
    text: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    created_from: datetime | None = None
    created_to: datetime | None = None
    project_id: UUID | None = None

    def parts(self) -> list[tuple[str, Any]]:
        """Conditions with their values."""
        wanted = json.dumps(dict(self.metadata), ensure_ascii=False) if self.metadata else None
        return [
            ("status = {}", self.status),
            ("status <> {}", "deleted" if self.status is None else None),
            ("media_type = {}", self.media_type),
            ("source = {}", self.source),
            ("title ilike {}", containing(self.title)),
            ("concat_ws(' ', title, file_name) ilike {}", containing(self.text)),
            ("metadata @> {}::text::jsonb", wanted),
            ("created_at >= {}", self.created_from),
            ("created_at < {}", self.created_to),
            (_IN_PROJECT, self.project_id),
        ]


@dataclass(frozen=True)
class Latest:
    """What the answer about a document says of its newest version."""

    job_id: UUID | None = None
    code: str | None = None
    reason: str | None = None
    chunks: int | None = None


async def document(pool: Any, tenant: str, document_id: UUID, at: Moment | None = None) -> DocumentRow | None:
    """One document, as of a moment if one is given; `None` for one that is not this tenant's."""
    sql, parameters = _told(_SQL["get"], [tenant, document_id], at)
    row = await pool.fetchrow(sql, *parameters)
    return built(DocumentRow, row) if row else None


async def document_with_latest(
    pool: Any, tenant: str, document_id: UUID, at: Moment | None = None
) -> tuple[DocumentRow, Latest] | None:
    """The same, and its newest version, of one moment and in one round trip."""
    sql, parameters = _told(_SQL["get_with_latest"], [tenant, document_id], at)
    row = await pool.fetchrow(sql, *parameters)
    if row is None:
        return None
    latest = Latest(row["latest_job_id"], row["latest_code"], row["latest_reason"], row["latest_chunks"])
    return built(DocumentRow, row), latest


async def documents(
    pool: Any,
    tenant: str,
    wanted: DocumentFilter | None = None,
    *,
    limit: int = 50,
    cursor: str | None = None,
    at: Moment | None = None,
) -> Page[DocumentRow]:
    """A page of a tenant's documents, newest first, as of a moment if one is given.

    Raises:
        ValueError: `limit` out of bounds, or (`BadCursor`) a cursor of another query.

    """
    narrowed = wanted or DocumentFilter()
    query = cursors.query_hash("documents", tenant, repr(narrowed), *(at or ()))
    moment, identity = start_after(query, cursor)
    condition, parameters = conditions(narrowed.parts(), 5)
    given = [tenant, moment, identity, checked(limit) + 1, *parameters]
    sql, given = _told(_SQL["list"].replace("{filter}", condition), given, at)
    rows = await pool.fetch(sql, *given)
    return page(query, [(built(DocumentRow, r), r["created_at"], r["document_id"]) for r in rows], limit)


async def versions(pool: Any, tenant: str, document_id: UUID, at: Moment | None = None) -> list[VersionRow]:
    """All versions of a document, newest first, as of a moment if one is given."""
    sql, parameters = _told(_SQL["versions"], [tenant, document_id], at)
    return [built(VersionRow, row) for row in await pool.fetch(sql, *parameters)]


async def version(
    pool: Any, tenant: str, document_id: UUID, number: int, at: Moment | None = None
) -> VersionRow | None:
    """One version of a document, as of a moment if one is given."""
    sql, parameters = _told(_SQL["version"], [tenant, document_id, number], at)
    row = await pool.fetchrow(sql, *parameters)
    return built(VersionRow, row) if row else None


async def there(pool: Any, tenant: str, document_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these are documents of the tenant that are not deleted."""
    return {row["document_id"] for row in await pool.fetch(_SQL["there"], tenant, list(document_ids))}


def _told(statement: str, given: list[Any], at: Moment | None) -> tuple[str, list[Any]]:
    return told(
        statement,
        given,
        at,
        documents="document_ranges",
        versions="version_ranges",
        project_documents="project_document_ranges",
    )
