"""Fold the log into a schema of its own and compare it with the live one, row by row. Nothing is switched.

What continuous work has parked is tried here once more, for the live read model is not asked what may be left out:
only what cannot be folded here, either, is passed by, and the certificate counts it. What cannot be folded here and is
not parked there ends the verification: then the two programs differ.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from time import monotonic

from muniment.projections import live
from muniment.projections.batch import Decoder, Place
from muniment.projections.checkpoint import Partition
from muniment.projections.config import ProjectionsConfig
from muniment.projections.database import connect
from muniment.projections.projection import Connection, Projection
from muniment.projections.replaying import shadow
from muniment.projections.replaying.comparison import Comparison, compared, pinned, reached
from muniment.projections.replaying.differences import TableDifferences, row_differences
from muniment.projections.replaying.digest import shapes
from muniment.projections.replaying.load import Load, total
from muniment.projections.replaying.replay import Progress
from muniment.projections.replaying.share import Apart
from muniment.projections.verifying.tracing import Said, traced
from muniment.projections.verifying.views import changed_views
from muniment.schemas.topics import SEALED_FOR_EVER


class Outdated(Exception):
    """The live read model is of another version than this program's, and cannot be compared with what it folds."""


@dataclass(frozen=True)
class Verified:
    """What a verification found.

    Attributes:
        comparison: Digests at one position of the log.
        differences: Of each table that differs, the rows.
        said: By row, the event that says otherwise; `None` where no event on the log speaks of the row.
        columns: What was compared of each table.
        passed: Places that operators have skipped.
        parked: Places that continuous work could not fold, and that could not be folded here, either.
        views: Views of readers that are defined otherwise than this program defines them.
        foldable: Places that the live read model has parked, and that can be folded.
        cut_off: Where logs that are kept for ever begin although something lay before.
        events: How many records were folded.
        seconds: How long it took.

    """

    comparison: Comparison
    differences: tuple[TableDifferences, ...]
    said: dict[str, Said | None]
    columns: dict[str, tuple[str, ...]]
    passed: tuple[Place, ...]
    parked: tuple[Place, ...]
    events: int
    seconds: float
    foldable: tuple[Place, ...] = ()
    views: tuple[str, ...] = ()
    cut_off: tuple[Place, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows differ."""
        return sum(one.total for one in self.differences)

    @property
    def equal(self) -> bool:
        """Whether readers see what the log says, and no event is kept from them that could be folded.

        A parked event may differ in no row today, and yet be missing from the past, or from what comes after it.
        """
        return not self.rows and not self.views and not self.foldable


@dataclass(frozen=True)
class Look:
    """How to verify. `lanes`, `passed`, `on_progress`, `stop` and `apart` are as for a replay."""

    lanes: int = 1
    passed: Collection[Place] = frozenset()
    on_progress: Callable[[Progress], None] = lambda _: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    apart: Apart | None = None


async def verify(projection: Projection, config: ProjectionsConfig, decoder: Decoder, look: Look) -> Verified:
    """Compare the live read model with the log.

    Raises:
        LogTooShort: The log ends before what the live one has folded.
        Outdated: The live one is of another version.
        PoisonRecord: A record cannot be folded that continuous work has folded.
        Stopped: It was asked to stop; nothing is left of it.

    """
    began = monotonic()
    async with scratch(config, projection) as (connection, schema):
        old = await live.ensure(connection, projection)
        if await connection.fetchval("select version from read.live where schema = $1", old) != projection.version:
            raise Outdated(f"{old} was not folded by version {projection.version} of {projection.name}")
        load = Load(projection, config, decoder, schema, lanes=look.lanes, passed=look.passed, stop=look.stop)
        load.doubted, load.apart = await parked_in(connection, old), look.apart
        views = await changed_views(connection, projection, schema)
        async with load:
            await _filled(connection, load, old, look)
            look.on_progress(Progress(projection.name, schema, "comparing", load.done, load.done))
            async with pinned(load, old) as seeing:
                found = await compared(seeing, projection, old, load)
                shape_of = {s.table: s for s in await shapes(seeing, projection, old, load.cut_short)}
                rows = [await row_differences(seeing, old, schema, shape_of[t]) for t in found.differing]
            said = await traced(load, rows, found.position) if rows else {}
        return Verified(
            comparison=replace(found, shadow=""),
            differences=tuple(rows),
            said=said,
            columns={table: tuple(shape.columns) for table, shape in shape_of.items()},
            passed=tuple(sorted(look.passed)),
            parked=tuple(sorted(load.unfolded)),
            foldable=tuple(sorted(load.foldable)),
            views=views,
            cut_off=cut_off(load.begins),
            events=load.done,
            seconds=monotonic() - began,
        )


def cut_off(begins: Mapping[Partition, int]) -> tuple[Place, ...]:
    """Where logs that are kept for ever begin although something lay before: what came of that, nothing proves."""
    return tuple(sorted((t, p, at) for (t, p), at in begins.items() if at and t in SEALED_FOR_EVER))


async def _filled(connection: Connection, load: Load, old: str, look: Look) -> None:
    goal = await reached(connection, old, load.partitions)
    every = total(goal, load.begins, load.partitions)
    name, schema = load.projection.name, load.schema
    load.on_batch = lambda _: look.on_progress(
        Progress(name, schema, load.told("folding"), min(load.done, every), every)
    )
    load.on_batch(0)
    await load.to(goal)


@asynccontextmanager
async def scratch(config: ProjectionsConfig, projection: Projection) -> AsyncIterator[tuple[Connection, str]]:
    """A connection and a new schema that goes when the block ends; what a crash left of an earlier one goes first."""
    connection = await connect(config.database_url, f"verify {projection.name}")
    try:
        await live.ensure_pointer(connection)
        await _swept(connection, projection)
        schema = await shadow.beside(connection, projection, shadow.SCRATCH)
        # Held as long as this connection lives: that is how the next one knows which scratch nobody uses.
        await connection.execute("select pg_advisory_lock(hashtext($1))", _lock(schema))
        try:
            yield connection, schema
        finally:
            if not connection.is_closed():
                await shadow.drop(connection, schema)
    finally:
        await connection.close()


async def _swept(connection: Connection, projection: Projection) -> None:
    for one in await shadow.kept(connection):
        if (one.projection, one.why) != (projection.name, shadow.SCRATCH):
            continue
        if await connection.fetchval("select pg_try_advisory_lock(hashtext($1))", _lock(one.schema)):
            await shadow.drop(connection, one.schema)
            await connection.execute("select pg_advisory_unlock(hashtext($1))", _lock(one.schema))


def _lock(schema: str) -> str:
    return f"muniment scratch {schema}"


async def parked_in(connection: Connection, schema: str) -> set[Place]:
    """The places that continuous work could not fold, as the live read model has it: nobody has proved it."""
    rows = await connection.fetch(f'select topic, partition, "offset" from {schema}.parked')  # noqa: S608 - own name
    return {(row["topic"], row["partition"], row["offset"]) for row in rows}
