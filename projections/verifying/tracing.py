"""Which event says otherwise: the records about a row are folded once more, one by one, to see which one made it so.

All of it happens in one transaction that is rolled back at the end: no schema stays, and nobody sees it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from muniment.producers.consumer_stop import stop_consumer
from muniment.projections import live, sources
from muniment.projections.batch import Place, decoded
from muniment.projections.checkpoint import Partition
from muniment.projections.database import connect
from muniment.projections.projection import Connection
from muniment.projections.replaying.differences import RowDifference, TableDifferences
from muniment.projections.replaying.digest import canonical
from muniment.projections.replaying.load import Load
from muniment.projections.replaying.shadow import free_name
from muniment.schemas.codec import Envelope
from muniment.schemas.metadata import event_name
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import COMMANDS_OPERATIONS, OPERATIONS

TRACED = 20
"""Documents (or tables without documents) whose rows are traced; the others are named without an event."""
MOST = 20_000
"""Records that are folded one by one at most: beyond that no event is named."""
OF_THE_HOUSE = {OPERATIONS.name, COMMANDS_OPERATIONS.name}
"""Topics that are about no document, and small: all of them can have a part in any row."""


@dataclass(frozen=True, slots=True)
class Said:
    """An event on the log, and where it lies."""

    place: str
    event: str

    def __str__(self) -> str:
        """For a person."""
        return f"{self.place} ({self.event})"


async def traced(
    load: Load, differences: Sequence[TableDifferences], ends: Mapping[Partition, int]
) -> dict[str, Said | None]:
    """By row (as `str` of the difference), the last event on the log that decides what the row is."""
    rows = [row for table in differences for row in table.found]
    documents = list(dict.fromkeys(row.document_id for row in rows if row.document_id))[:TRACED]
    groups = [[row for row in rows if row.document_id == one] for one in documents]
    loose = [row for row in rows if row.document_id is None]
    keys = {one.encode() for one in documents}
    records = await _read(load, ends, lambda r: bool(loose) or r.topic in OF_THE_HOUSE or r.key in keys)
    found: dict[str, Said | None] = {}
    for group in [*groups, loose]:
        key = (group[0].document_id or "").encode() if group else b""
        mine = [r for r in records if not key or r.key == key or r.topic in OF_THE_HOUSE]
        if group and len(mine) <= MOST:
            found |= await _folded(load, group, [r for r in mine if _at(r) not in load.passed])
    return found


def _at(record: Record) -> Place:
    return record.topic, record.partition or 0, record.offset or 0


async def _read(load: Load, ends: Mapping[Partition, int], wanted: Callable[[Record], bool]) -> list[Record]:
    """The wanted records before these offsets, in the order in which they were written, as well as can be told."""
    projection, config = load.projection, load.config
    source = sources.consumer(config.bootstrap, group=None, client_id=f"muniment-trace-{projection.name}")
    await source.start()
    try:
        places = await sources.partitions(source, sources.topic_names(projection, config.topic_prefix))
        prefix = config.topic_prefix
        left = {p: ends.get((p.topic.removeprefix(prefix), p.partition), 0) for p in places}
        source.assign(places)
        await source.seek_to_beginning(*places)
        found: list[Record] = []
        while left := {p: end for p, end in left.items() if await source.position(p) < end}:
            fetched = await source.getmany(*left, timeout_ms=200, max_records=2000)
            within = [[m for m in messages if m.offset < left[p]] for p, messages in fetched.items()]
            found += [record for record in sources.records(within, prefix) if wanted(record)]
    finally:
        await stop_consumer(source)
    return sorted(found, key=lambda r: (r.timestamp_ms or 0, r.topic, r.partition, r.offset))


async def _folded(load: Load, rows: Sequence[RowDifference], records: Sequence[Record]) -> dict[str, Said | None]:
    projection = load.projection
    connection = await connect(load.config.database_url, f"trace {projection.name}")
    try:
        await canonical(connection)
        transaction = connection.transaction()
        await transaction.start()
        schema = await free_name(connection, f"{live.first_schema(projection)}_trace")
        await live.create(connection, projection, schema)
        last: dict[str, Said | None] = {str(row): None for row in rows}
        before = await _rows(connection, schema, rows)
        for entry in await decoded(records, projection, load.decoder):
            if entry.item is None or not isinstance(entry.item, Envelope | Record):
                continue
            try:
                async with connection.transaction():
                    await projection.apply(connection, schema, [entry.item])
            except Exception:  # noqa: BLE001, S112 - what cannot be folded alone decides nothing that can be told here
                continue
            after = await _rows(connection, schema, rows)
            said = Said(str(Position(*_at(entry.record))), event_name(entry.record) or "a record without a type")
            last |= {name: said for name, row in after.items() if row != before[name]}
            before = after
        await transaction.rollback()
    finally:
        connection.terminate()
    return last


async def _rows(connection: Connection, schema: str, rows: Iterable[RowDifference]) -> dict[str, Any]:
    """What the table says of each row now: of a changed one, in the columns that differ."""
    found = {}
    for row in rows:
        conditions = [f'x."{name}"::text is not distinct from ${i}' for i, name in enumerate(row.key, 1)]
        columns = ", ".join(f'x."{name}"::text' for name in row.columns) or "x::text"
        # Names of columns, from the catalogue.
        sql = f"select {columns} from {schema}.{row.table} x where {' and '.join(conditions)}"  # noqa: S608
        found[str(row)] = [tuple(one) for one in await connection.fetch(sql, *row.key.values())]
    return found
