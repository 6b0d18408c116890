"""Reading the trail."""

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections import cursor as cursors
from muniment.projections.audit.entry import NAMED, Entry, outward
from muniment.projections.paging import MAX_LIMIT, Page, checked, conditions, page, start_after
from muniment.projections.sql import statements
from muniment.schemas.audit import HOUSE

_SQL = statements("muniment.projections.audit")
_NAMED = f" or kind in ({', '.join(repr(kind) for kind in NAMED)})"
_NAMES = tuple(f.name for f in fields(Entry))


@dataclass(frozen=True)
class AuditFilter:
    """Which entries; what is `None` does not matter. `since` is included, `until` is not.

    Without `whole` the house's entries are as `entry.outward` leaves them, and nothing that it takes out is found by.
    """

    actor: str | None = None
    action: str | None = None
    kind: str | None = None
    entity: str | None = None
    outcome: str | None = None
    document_id: UUID | None = None
    correlation_id: UUID | None = None
    trace_id: str | None = None
    network: str | None = None
    address_mark: str | None = None
    query_mark: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    whole: bool = False

    @property
    def conditions(self) -> list[tuple[str, Any]]:
        """As `paging.conditions` takes them; an action that ends in `.*` stands for all that begin so."""
        action = self.action
        family = action[:-1] if action and action.endswith(".*") else None
        return [
            ("actor = {}", self.actor),
            ("action = {}", None if family else action),
            ("starts_with(action, {})", family),
            ("kind = {}", self.kind),
            (f"entity = {{}}{self._seen(_NAMED)}", self.entity),
            ("outcome = {}", self.outcome),
            (f"document_ids @> array[{{}}::uuid]{self._seen()}", self.document_id),
            ("correlation_id = {}", self.correlation_id),
            ("trace_id = {}", self.trace_id),
            ("network = {}", self.network),
            ("address_mark = {}", self.address_mark),
            ("query_mark = {}", self.query_mark),
            ("at >= {}", self.since),
            ("at < {}", self.until),
        ]

    def _seen(self, also: str = "") -> str:
        return "" if self.whole else f" and (tenant <> '{HOUSE}'{also})"


async def entries(
    pool: Any, tenants: Sequence[str], wanted: AuditFilter, *, limit: int = 50, cursor: str | None = None
) -> Page[Entry]:
    """A page of the trail of these tenants, newest first. Raises `ValueError` as every listing."""
    query = cursors.query_hash("audit", list(tenants), [value for _, value in wanted.conditions])
    moment, identity = start_after(query, cursor)
    condition, parameters = conditions(wanted.conditions, 5)
    sql = _SQL["list"].replace("{filter}", condition)
    rows = await pool.fetch(sql, list(tenants), moment, identity, checked(limit) + 1, *parameters)
    found = [_entry(row) for row in rows]
    shown = found if wanted.whole else [outward(entry) for entry in found]
    return page(query, [(entry, entry.at, entry.event_id) for entry in shown], limit)


async def every_entry(pool: Any, tenants: Sequence[str], wanted: AuditFilter) -> AsyncIterator[Entry]:
    """All of the trail that is wanted, newest first, page by page: a long export holds no transaction open."""
    cursor: str | None = None
    while True:
        found = await entries(pool, tenants, wanted, limit=MAX_LIMIT, cursor=cursor)
        for entry in found.rows:
            yield entry
        cursor = found.cursor
        if cursor is None:
            return


def _entry(row: Any) -> Entry:
    values = {name: row[name] for name in _NAMES}
    documents = values["documents"]
    return Entry(**values | {"documents": json.loads(documents) if isinstance(documents, str) else documents})
