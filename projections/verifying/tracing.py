"""Which event says otherwise: the records about a row are folded once more, one by one, to see which one made it so.

All of it happens in one transaction that is rolled back at the end: no schema stays, and nobody sees it. The log is
read once for all rows, at the pace of the load, and no more of it is held than can be folded.
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
from muniment.projections.replaying.load import Load, Stopped
from muniment.projections.replaying.shadow import free_name
from muniment.projections.verifying.gathering import TRACED, Gathered
from muniment.schemas.codec import Envelope
from muniment.schemas.metadata import event_name
from muniment.schemas.record import Position, Record


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
    """By row (as `str` of the difference), the last event on the log that decides what the row is.

    Raises:
        Stopped: It was asked to stop.

    """
    rows = [row for table in differences for row in table.found]
    documents = list(dict.fromkeys(row.document_id for row in rows if row.document_id))[:TRACED]
    loose = [row for row in rows if row.document_id is None]
    gathered = Gathered(load.projection, documents, loose)
    await _read(load, ends, gathered.take)
    found: dict[str, Said | None] = {}
    for document in documents:
        found |= await _folded(load, [row for row in rows if row.document_id == document], gathered.of(document))
    every = gathered.of_all()
    if every is not None:
        return found | await _folded(load, loose, every)
    some, records = gathered.of_some()
    return found | await _folded(load, some, records, proved=True)


def _at(record: Record) -> Place:
    return record.topic, record.partition or 0, record.offset or 0


async def _read(load: Load, ends: Mapping[Partition, int], take: Callable[[Record], None]) -> None:
    """Show all records before these offsets."""
    projection, config = load.projection, load.config
    source = sources.consumer(config.bootstrap, group=None, client_id=f"muniment-trace-{projection.name}")
    await source.start()
    try:
        places = await sources.partitions(source, sources.topic_names(projection, config.topic_prefix))
        prefix = config.topic_prefix
        left = {p: ends.get((p.topic.removeprefix(prefix), p.partition), 0) for p in places}
        source.assign(places)
        await source.seek_to_beginning(*places)
        while left := {p: end for p, end in left.items() if await source.position(p) < end}:
            if load.stop.is_set():
                raise Stopped
            fetched = await source.getmany(*left, timeout_ms=200, max_records=2000)
            within = [[m for m in messages if m.offset < left[p]] for p, messages in fetched.items()]
            for record in sources.records(within, prefix):
                take(record)
            if load.pace is not None:
                await load.pace(sum(map(len, within)))
    finally:
        await stop_consumer(source)


async def _folded(
    load: Load, rows: Sequence[RowDifference], records: Sequence[Record] | None, *, proved: bool = False
) -> dict[str, Said | None]:
    """The last event that decided each row; nothing where there are too many records (`None`).

    `proved`: only of rows that come out as the whole log has them, for these records may not be all about them.
    """
    if not rows or records is None:
        return {}
    projection = load.projection
    records = [record for record in records if _at(record) not in load.passed]
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
            if load.stop.is_set():
                raise Stopped
            try:
                async with connection.transaction():
                    await projection.apply(connection, schema, [entry.item])
            except Exception:  # noqa: BLE001, S112 - what cannot be folded alone decides nothing that can be told here
                continue
            after = await _rows(connection, schema, rows)
            said = Said(str(Position(*_at(entry.record))), event_name(entry.record) or "a record without a type")
            last |= {name: said for name, row in after.items() if row != before[name]}
            before = after
        if proved:
            right = await _rows(connection, load.schema, rows)
            last = {name: said for name, said in last.items() if before[name] == right[name]}
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
