"""What is compared when a read model was built anew: both schemas, in one snapshot, after the very same records."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from muniment.projections import checkpoint
from muniment.projections.checkpoint import Partition
from muniment.projections.database import connect
from muniment.projections.projection import Connection, Projection
from muniment.projections.replaying.digest import TableDigest, canonical, digest, shapes
from muniment.projections.replaying.load import Load

NEAR = 500
"""Records behind the live schema that may be folded while its runner waits: well under a second of folding."""
_FREE_TRIES = 3
_LOCK_WAIT = "2s"


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two schemas of a projection at one position of the log.

    Attributes:
        position: The next offset of every partition that is read: what both had folded.
        tables: By table, the digest of the live one and of the one from the log.
        left_out: Columns and tables that were not compared, and why.
        upgrade_from: The version of the live one when it is an older one, whose tables mean something else.
        lost: Where the log ends before what the live one has folded; then both have not folded the same records.

    """

    projection: str
    version: int
    live: str
    shadow: str
    position: Mapping[Partition, int] = field(default_factory=dict)
    tables: Mapping[str, tuple[TableDigest, TableDigest]] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    upgrade_from: int | None = None
    lost: tuple[str, ...] = ()

    @property
    def differing(self) -> tuple[str, ...]:
        """The tables whose rows differ."""
        return tuple(table for table, (one, other) in self.tables.items() if one != other)

    @property
    def equal(self) -> bool:
        """Whether everything that can be compared is the same."""
        return self.upgrade_from is None and not self.differing and not self.lost

    @property
    def differences(self) -> tuple[str, ...]:
        """The differences by name, for a person and for the record."""
        if self.upgrade_from is not None:
            told = f"{self.projection}: version {self.upgrade_from} becomes {self.version}, nothing to compare"
            return (told, *self.lost)
        pairs = ((table, *self.tables[table]) for table in self.differing)
        return self.lost + tuple(
            f"{table}: {one.rows} rows live, {other.rows} from the log, digests {one.digest[:12]} and"
            f" {other.digest[:12]}"
            for table, one, other in pairs
        )


@asynccontextmanager
async def pinned(load: Load, live: str) -> AsyncIterator[Connection]:
    """A snapshot in which the live schema and the one being loaded have folded exactly the same records.

    While the log is quiet nobody waits for anything. On a busy one the live runner (no reader, and no writer of the
    log) is held for the moment that the last few records take, and goes on before anything is compared.
    """
    seeing = await connect(load.config.database_url, f"compare {load.projection.name}")
    holding = await connect(load.config.database_url, f"compare {load.projection.name}")
    try:
        await canonical(seeing)
        tries = 0
        while True:
            tries += 1
            await load.to(await reached(holding, live, load.partitions))
            snapshot = seeing.transaction(isolation="repeatable_read", readonly=True)
            if tries <= _FREE_TRIES:
                await snapshot.start()
            elif not await _held(load, live, holding, seeing, snapshot):
                continue
            mine, theirs = [await reached(seeing, schema, load.partitions) for schema in (live, load.schema)]
            if mine == theirs:
                break
            await snapshot.rollback()
        yield seeing
    finally:
        seeing.terminate()
        holding.terminate()


@asynccontextmanager
async def looked(load: Load) -> AsyncIterator[Connection]:
    """A snapshot of both schemas as they are: all there can be where the log has lost what the live one has folded."""
    seeing = await connect(load.config.database_url, f"compare {load.projection.name}")
    try:
        await canonical(seeing)
        async with seeing.transaction(isolation="repeatable_read", readonly=True):
            yield seeing
    finally:
        seeing.terminate()


async def _held(load: Load, live: str, holding: Connection, seeing: Connection, snapshot: Any) -> bool:
    with suppress(asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
        async with holding.transaction():
            await holding.execute(f"set local lock_timeout = '{_LOCK_WAIT}'")
            await holding.execute(f"lock table {live}.checkpoints in exclusive mode")
            ends = await reached(holding, live, load.partitions)
            if await behind(holding, ends, load) > NEAR:
                return False
            await load.to(ends)
            await snapshot.start()
            # The snapshot is taken by the first look, which has to be before the runner goes on.
            await seeing.fetchval("select 1")
            return True
    return False


async def reached(connection: Connection, schema: str, places: Collection[Partition]) -> dict[Partition, int]:
    """How far a schema has come, of these partitions."""
    found = await checkpoint.read(connection, schema)
    return {place: found.get(place, 0) for place in places}


async def behind(connection: Connection, ends: Mapping[Partition, int], load: Load) -> int:
    """By how many records the schema being loaded is behind these offsets."""
    mine = await checkpoint.read(connection, load.schema)
    return sum(max(0, end - mine.get(p, 0)) for p, end in ends.items())


async def compared(connection: Connection, projection: Projection, live: str, load: Load) -> Comparison:
    """Compare every table by its digest, in the snapshot of `pinned`."""
    found = await shapes(connection, projection, live, load.cut_short)
    tables = {s.table: (await digest(connection, live, s), await digest(connection, load.schema, s)) for s in found}
    return Comparison(
        projection=projection.name,
        version=projection.version,
        live=live,
        shadow=load.schema,
        position=await reached(connection, live, load.partitions),
        tables=tables,
        left_out=left_out(projection, load.cut_short),
    )


def left_out(projection: Projection, cut_short: Collection[str]) -> dict[str, str]:
    """What is not compared, with the reason."""
    found = dict(projection.not_from_log)
    for column, topics in projection.fading.items():
        gone = [topic.name for topic in topics if topic.name in cut_short]
        if gone:
            found[column] = f"made from {', '.join(gone)}, whose oldest records are past their retention"
    return found
