"""Nothing of a read model is left out of a comparison but what is declared to be, with a reason."""

import asyncpg
import pytest

from muniment.projections import live
from muniment.projections.registry import PROJECTIONS
from muniment.projections.replaying.digest import shapes

ALWAYS = {"checkpoints", "parked"}
TABLES = """
select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind in ('r', 'p') and not c.relispartition
"""


@pytest.mark.parametrize("name", list(PROJECTIONS))
async def test_every_table_is_compared_or_left_out_with_a_reason(database_url: str, name: str) -> None:
    """Each table has a key that names its rows, and what is declared of columns is declared of columns there are."""
    projection = PROJECTIONS[name](8)
    connection = await asyncpg.connect(database_url)
    try:
        schema = await live.ensure(connection, projection)
        there = {row["name"] for row in await connection.fetch(TABLES, schema)}
        assert there - ALWAYS - set(projection.tables) == {t for t in projection.not_from_log if "." not in t}
        found = {shape.table: shape for shape in await shapes(connection, projection, schema)}
        assert set(found) == set(projection.tables)
        columns = {
            f"{table}.{column}" for table, shape in found.items() for column in (*shape.columns, *shape.left_out)
        }
        declared = [*projection.not_from_log, *projection.fading]
        assert [c for c in declared if "." in c and c not in columns] == []
        assert [s.table for s in found.values() if s.key == tuple(s.columns) and len(s.key) > 1] == []
        assert all(projection.not_from_log.values())
    finally:
        await connection.close()
