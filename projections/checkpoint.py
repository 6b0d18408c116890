"""How far a projection has folded the log: rows in its own schema, advanced in the transaction of the fold.

The broker's committed offsets play no part. Rows are locked before a batch is folded, so that of two runners which
both believe they own a partition (a rebalance) the second sees how far the first came, and skips.

A reader that holds the position of its command waits on the row of the *command* topic and its lane. A projection that
does not read commands derives that row from the header `command_position` of the decided events: within a lane they
lie on the log in the order of the commands, so having folded one means having folded every decision before it.
"""

from collections.abc import Iterable, Mapping

from muniment.projections.projection import Connection
from muniment.schemas.metadata import COMMAND_POSITION, in_lane, lane_of
from muniment.schemas.record import Position, Record

Partition = tuple[str, int]
"""A topic and a partition number."""

TABLE = """
create table if not exists {schema}.checkpoints (
    topic text not null, partition integer not null, next_offset bigint not null, primary key (topic, partition)
);
create table if not exists {schema}.parked (
    topic text not null, partition integer not null, "offset" bigint not null, event_id text, event_type text,
    error text not null, parked_at timestamptz not null default now(), primary key (topic, partition, "offset")
);
"""
"""The two tables every projection has besides its own; `{schema}` stands for the schema."""

_ENSURE = """
insert into {schema}.checkpoints select t, p, 0 from unnest($1::text[], $2::int[]) as given(t, p) on conflict do nothing
"""
_LOCK = """
select topic, partition, next_offset from {schema}.checkpoints
join unnest($1::text[], $2::int[]) as given(t, p) on topic = t and partition = p
order by topic, partition for update of checkpoints
"""
_READ = "select topic, partition, next_offset from {schema}.checkpoints"
_ADVANCE = """
insert into {schema}.checkpoints as c select * from unnest($1::text[], $2::int[], $3::bigint[])
on conflict (topic, partition) do update set next_offset = greatest(c.next_offset, excluded.next_offset)
"""


async def ensure(connection: Connection, schema: str, partitions: Iterable[Partition]) -> None:
    """Make a row, at offset 0, for each partition that has none."""
    wanted = sorted(partitions)
    await connection.execute(_ENSURE.format(schema=schema), [t for t, _ in wanted], [p for _, p in wanted])


async def lock(connection: Connection, schema: str, partitions: Iterable[Partition]) -> dict[Partition, int]:
    """Lock the rows of these partitions until the transaction ends; the next offset of each."""
    wanted = sorted(partitions)
    topics, numbers = [t for t, _ in wanted], [p for _, p in wanted]
    rows = await connection.fetch(_LOCK.format(schema=schema), topics, numbers)
    if len(rows) < len(wanted):
        await ensure(connection, schema, wanted)
        rows = await connection.fetch(_LOCK.format(schema=schema), topics, numbers)
    return {(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def read(connection: Connection, schema: str) -> dict[Partition, int]:
    """All rows, unlocked."""
    return {(r["topic"], r["partition"]): r["next_offset"] for r in await connection.fetch(_READ.format(schema=schema))}


async def advance(connection: Connection, schema: str, to: Mapping[Partition, int]) -> None:
    """Move the rows forward, never back."""
    if to:
        rows = sorted(to.items())
        columns = [k[0] for k, _ in rows], [k[1] for k, _ in rows], [v for _, v in rows]
        await connection.execute(_ADVANCE.format(schema=schema), *columns)


def after(records: Iterable[Record]) -> dict[Partition, int]:
    """The next offset of each partition once these records are folded."""
    reached: dict[Partition, int] = {}
    for record in records:
        assert record.partition is not None
        assert record.offset is not None
        place = (record.topic, record.partition)
        reached[place] = max(reached.get(place, 0), record.offset + 1)
    return reached


def decided(records: Iterable[Record]) -> dict[Partition, int]:
    """How far into the lanes of the command topics the decisions in these records reach."""
    reached: dict[Partition, int] = {}
    for record in records:
        text = record.header(COMMAND_POSITION)
        if not text:
            continue
        try:
            position = Position.parse(text)
        except ValueError:
            # A malformed header only costs a waiting reader its time; the record itself is judged by its fold.
            continue
        _note(reached, in_lane(position, lane_of(record)))
    return reached


def commanded(records: Iterable[Record]) -> dict[Partition, int]:
    """How far these commands reach, each in its lane: for a projection that folds the commands themselves."""
    reached: dict[Partition, int] = {}
    for record in records:
        _note(reached, in_lane(Position(record.topic, record.partition or 0, record.offset or 0), lane_of(record)))
    return reached


def _note(reached: dict[Partition, int], position: Position) -> None:
    place = (position.topic, position.partition)
    reached[place] = max(reached.get(place, 0), position.offset + 1)
