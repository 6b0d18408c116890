"""What read models hold of a document: removed by their own folds, counted here, and removed from old versions here."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from muniment.producers.postgres import database
from muniment.stream_apps.erasing.places import READ_MODELS, Place
from muniment.stream_apps.erasing.stores import About, Erased, Forgotten
from muniment.stream_apps.erasing.unread import in_unread

# Every schema of a read model has these two tables; `read.live` says which of them readers see.
_TABLES = """
select n.nspname as schema, c.relname as "table",
    exists (select from read.live l where l.schema = n.nspname) as live
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relname = any($1) and c.relkind in ('r', 'p') and not c.relispartition
    and (n.nspname = $2 or n.nspname like $2 || '\\_%')
    and exists (select from pg_class x where x.relnamespace = n.oid and x.relname = 'checkpoints')
    and exists (select from pg_class x where x.relnamespace = n.oid and x.relname = 'parked')
order by 1, 2"""

# Up to which version a document is gone; all of it where nobody has decided that.
_GONE_UP_TO = """coalesce((
    select (d.state ->> 'deleted')::bigint from muniment_deciding.state d
    where d.tenant = x.tenant and d.document_id = x.document_id), 9223372036854775807)"""


class ReadModelStore:
    """See `Store`: the tables of one kind, in every version of the read model that there is."""

    def __init__(self, pool: Any, name: str) -> None:
        self.name = name
        self._pool = pool
        self._places = {(place.model, place.table): place for place in READ_MODELS if place.store == name}

    async def count(self, what: About) -> int:
        """See `Store.count`."""
        rows = 0
        for schema, place, live in await self._tables():
            if live:
                rows += await self._rows(schema, place, what.tenant, what.documents)
        return rows

    async def erase(self, what: Forgotten) -> Erased:
        """See `Store.erase`. What is live was erased by its fold: what is there now was submitted after that."""
        unread: dict[str, list[Place]] = {}
        for schema, place, live in await self._tables():
            if not live:
                unread.setdefault(schema, []).append(place)
        given = (what.tenant, list(what.documents))
        old = 0
        for schema, places in unread.items():
            old += await in_unread(self._pool, schema, [_sql(schema, place) for place in places], *given)
        note = "removed by the fold of DocumentErased, as every rebuild does it"
        return Erased(note=f"{note}; {old} rows of versions that nobody reads" if old else note)

    async def _rows(self, schema: str, place: Place, tenant: str, documents: Sequence[UUID]) -> int:
        # The names are those of the catalogue, and the condition is ours.
        sql = f'select count(*) from "{schema}"."{place.table}" where tenant = $1 and document_id = any($2) and ({place.held})'  # noqa: E501, S608
        async with database():
            return int(await self._pool.fetchval(sql, tenant, list(documents)))

    async def _tables(self) -> list[tuple[str, Place, bool]]:
        found = []
        for model in {model for model, _ in self._places}:
            tables = [table for owner, table in self._places if owner == model]
            async with database():
                rows = await self._pool.fetch(_TABLES, tables, model)
            found += [(row["schema"], self._places[model, row["table"]], row["live"]) for row in rows]
        return found


def names() -> tuple[str, ...]:
    """The stores that there are, in the order of the places."""
    return tuple(dict.fromkeys(place.store for place in READ_MODELS))


def _sql(schema: str, place: Place) -> str:
    """For a version that is being filled: what was submitted under the id since is folded there, too, and stays."""
    mine = f"where x.tenant = $1 and x.document_id = any($2) and ({place.held}) and {place.version} <= {_GONE_UP_TO}"
    if place.blanked:
        return f'update "{schema}"."{place.table}" x set {place.blanked} {mine}'  # noqa: S608 - as above
    return f'delete from "{schema}"."{place.table}" x {mine}'  # noqa: S608 - as above
