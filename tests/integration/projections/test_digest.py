"""The digest of a table depends on its rows, and on nothing else; made by the real Postgres."""

import asyncio
import random
from datetime import UTC, datetime
from typing import Any, ClassVar

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.projections.projection import Projection
from muniment.projections.replaying.differences import row_differences
from muniment.projections.replaying.digest import TableDigest, canonical, digest, fingerprint, shapes

MAKE = """
drop schema if exists {s} cascade; create schema {s};
create table {s}.things (id integer primary key, body jsonb, name text, at timestamptz, raw bytea, near halfvec(2));
create table {s}.loose (word text not null, times integer, note text)
"""
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - its zone is given
ROWS = st.dictionaries(
    st.integers(0, 2**31 - 1),
    st.tuples(
        st.dictionaries(TEXT, st.integers(), max_size=2),
        st.none() | TEXT,
        st.none() | MOMENTS,
        st.none() | st.binary(max_size=4),
        st.none() | st.tuples(st.integers(-9, 9), st.integers(-9, 9)),
    ),
    min_size=1,
    max_size=8,
)


class Things(Projection):
    """Two tables, one without a key."""

    name = "things"
    topics = ()
    handles = ()
    tables = ("things", "loose")
    keys: ClassVar = {"loose": ("word",)}
    not_from_log: ClassVar = {"loose.note": "somebody's remark"}
    views: ClassVar = {}

    async def apply(self, connection: Any, schema: str, batch: Any) -> object:
        """Nothing: the tests write the rows."""


@pytest.fixture
def ask(database_url: str):
    """Run something on a connection; Hypothesis knows no coroutines."""
    loop = asyncio.new_event_loop()
    connection = loop.run_until_complete(asyncpg.connect(database_url))
    loop.run_until_complete(canonical(connection))
    yield lambda work: loop.run_until_complete(work(connection))
    loop.run_until_complete(connection.close())
    loop.close()


async def filled(connection: Any, schema: str, rows: list[tuple[Any, ...]]) -> TableDigest:
    """The digest of a new table with these rows, inserted in this order."""
    import json

    await connection.execute(MAKE.replace("{s}", schema))
    await connection.executemany(
        f"insert into {schema}.things values ($1, $2, $3, $4, $5, $6::text::halfvec)",
        [(i, json.dumps(b), n, a, r, f"[{v[0]},{v[1]}]" if v else None) for i, b, n, a, r, v in rows],
    )
    [things, _] = await shapes(connection, Things(), schema)
    return await digest(connection, schema, things)


@given(rows=ROWS, seed=st.integers(0, 99), data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_digest_knows_rows_and_not_their_order(ask: Any, rows: dict[int, Any], seed: int, data: Any) -> None:
    """The same rows in another order have the same digest; one value changed, or one row more or less, another."""
    every = [(i, *values) for i, values in rows.items()]
    shuffled = random.Random(seed).sample(every, len(every))
    first = ask(lambda c: filled(c, "one", every))
    assert ask(lambda c: filled(c, "other", shuffled)) == first
    assert first.rows == len(every)
    victim = data.draw(st.sampled_from(sorted(rows)))
    column = data.draw(st.sampled_from(["id", "body", "name", "at", "raw", "near"]))
    changed = {
        "id": "(select max(id)::bigint + 1 from one.things) % 2147483648",
        "body": "body || '{\"other\": 1.5}'",
        "name": "coalesce(name || ' ', '')",
        "at": "coalesce(at + interval '1 microsecond', now())",
        "raw": "coalesce(raw || '\\x00'::bytea, ''::bytea)",
        "near": "case when near is null then '[0,0]'::halfvec else null end",
    }[column]

    async def forge(connection: Any) -> TableDigest:
        if column == "id" and max(rows) == 2**31 - 1:
            await connection.execute("delete from one.things where id = $1", victim)
        else:
            await connection.execute(f"update one.things set {column} = {changed} where id = $1", victim)
        [things, _] = await shapes(connection, Things(), "one")
        return await digest(connection, "one", things)

    assert ask(forge).digest != first.digest
    ask(lambda c: c.execute("delete from other.things where id = $1", victim))
    fewer = ask(lambda c: fingerprint(c, Things(), "other"))["things"]
    assert fewer.rows == len(every) - 1
    assert fewer.digest != first.digest


def test_a_digest_counts_repeated_rows_and_leaves_out_what_is_declared(ask: Any) -> None:
    """Of a table without a primary key, a row twice is another table; a column that is not of the log is not seen."""

    async def look(connection: Any) -> list[TableDigest]:
        await connection.execute(MAKE.replace("{s}", "one"))
        found = []
        for word, note in (("a", "x"), ("a", "y"), ("b", None)):
            await connection.execute("insert into one.loose values ($1, 1, $2)", word, note)
            found.append((await fingerprint(connection, Things(), "one"))["loose"])
        await connection.execute("update one.loose set note = 'z'")
        found.append((await fingerprint(connection, Things(), "one"))["loose"])
        return found

    once, twice, more, renamed = ask(look)
    assert (once.rows, twice.rows) == (1, 2)
    assert once.digest != twice.digest
    assert more == renamed


def test_differences_are_named_by_key_and_column(ask: Any) -> None:
    """A row changed, added, removed or doubled by hand is told with its key, and which columns, never values."""

    async def look(connection: Any) -> list[str]:
        for schema in ("live", "log"):
            await filled(connection, schema, [(i, {}, "n", None, b"", None) for i in range(4)])
            await connection.execute(f"insert into {schema}.loose values ('a', 1), ('b', null)")
        await connection.execute("update live.things set name = 'forged', raw = 'x' where id = 1")
        await connection.execute("delete from live.things where id = 2")
        await connection.execute("insert into live.things (id) values (77)")
        await connection.execute("insert into live.loose values ('b', null)")
        things, loose = await shapes(connection, Things(), "live")
        found = [await row_differences(connection, "live", "log", shape) for shape in (things, loose)]
        assert [one.total for one in found] == [3, 1]
        return [str(difference) for one in found for difference in one.found]

    assert ask(look) == [
        "things (id=1) was changed: name, raw",
        "things (id=2) was removed",
        "things (id=77) was added",
        "loose (word=b) was added",
    ]
