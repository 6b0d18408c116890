"""Build a read model anew beside the live one, compare, and switch readers over in one transaction.

It can be killed at any point and started again: it goes on from the new schema's checkpoints. Indexes that are costly
to load into are built after the load. Readers are switched only to what equals the live model at one position of the
log, or to what an operator accepts by name. The switch never takes readers back in time: what the live schema has
folded beyond the new one is folded under the lock that stops the runner, then views and pointer move, and the runner
follows the pointer.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import asyncpg

from muniment.projections import checkpoint, live
from muniment.projections.batch import Decoder, Place
from muniment.projections.checkpoint import Partition
from muniment.projections.config import ProjectionsConfig
from muniment.projections.database import connect
from muniment.projections.fold import CHANNEL
from muniment.projections.projection import Connection, Projection
from muniment.projections.replaying import shadow, skips
from muniment.projections.replaying.comparison import NEAR, Comparison, behind, compared, looked, pinned, reached
from muniment.projections.replaying.following import followed
from muniment.projections.replaying.load import Load, total
from muniment.projections.replaying.share import Apart
from muniment.projections.replaying.turn import turn

_LOCK_WAIT = "2s"
_VIEWS_WAIT = "100ms"
"""Readers queue behind whoever waits for their views, so that wait is short, and made again."""


class _Overtaken(Exception):
    """It has folded what is skipped now or what the log has not, passed by what is skipped no more, or run ahead."""

    def __init__(self, *, anew: bool = False) -> None:
        super().__init__()
        self.anew = anew


@dataclass(frozen=True)
class Progress:
    """How far a replay has come: records folded, of those that were on the log when it last looked."""

    projection: str
    schema: str
    phase: str
    done: int
    total: int


@dataclass(frozen=True)
class Bounds:
    """A part of the log, by partition: from these offsets (else the beginning) to these (else the end)."""

    begin: Mapping[Partition, int] = field(default_factory=dict)
    end: Mapping[Partition, int] = field(default_factory=dict)


Accept = Callable[[Comparison], Awaitable[bool]]


async def _never(_: Comparison) -> bool:
    return False


@dataclass(frozen=True)
class How:
    """How to replay.

    Attributes:
        lanes: Partitions are read on so many lanes side by side.
        passed: The places that operators have skipped by now; asked at the start and before the switch.
        accept: Asked about a difference; true when it is accepted and on the record.
        anew: Forget what an interrupted replay has loaded.
        short: A log that ends before what is live is a difference, to be accepted as others are.
        only_outdated: Do nothing unless the live one is of an older version.
        bounds: Replay only a part of the log; the result is never switched to.
        on_progress: Called after every batch.
        stop: Give up between two batches once it is set.
        apart: How to have lanes in processes of their own; `None` for never.

    """

    lanes: int = 1
    passed: Callable[[], Collection[Place]] = frozenset
    accept: Accept = _never
    anew: bool = False
    short: bool = False
    only_outdated: bool = False
    bounds: Bounds | None = None
    on_progress: Callable[[Progress], None] = lambda _: None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    apart: Apart | None = None


@dataclass(frozen=True)
class Replayed:
    """What came of it.

    Attributes:
        schema: What was filled.
        live: What readers see now.
        comparison: What was found; `None` for a part of the log.
        kept: The schema that was live before and is still there.
        overtaken: Places for which it was begun anew: operators have skipped them, or do so no more, since it came by.

    """

    schema: str
    live: str
    comparison: Comparison | None = None
    kept: str | None = None
    overtaken: frozenset[Place] = frozenset()

    @property
    def switched(self) -> bool:
        """Whether readers see the new one."""
        return self.schema == self.live


async def replay(projection: Projection, config: ProjectionsConfig, decoder: Decoder, how: How) -> Replayed:
    """Replay a projection and, where both are equal or the difference is accepted, switch to the result.

    Raises:
        LogTooShort: The log ends before what is live, and that is not to be accepted. The live schema stays as it is.
        PoisonRecord: A record cannot be folded; it is named. The live schema stays as it is.
        Stopped: It was asked to stop. The live schema stays as it is; the next replay goes on from there.
        Underway: Another process replays this projection.

    """
    connection = await connect(config.database_url, f"replay {projection.name}, process {os.getpid()}")
    try:
        await live.ensure_pointer(connection)
        if how.bounds is not None:
            return await _part(connection, projection, config, decoder, how)

        def waiting(holder: str) -> None:
            how.on_progress(Progress(projection.name, "", f"waits for {holder}", 0, 0))

        async with turn(connection, projection.name, patient=how.only_outdated, waiting=waiting):
            old = await live.ensure(connection, projection)
            outdated = await live.outdated(connection, projection)
            if how.only_outdated and not outdated:
                return Replayed(old, old)
            return await _whole(connection, projection, config, decoder, how, outdated=outdated)
    finally:
        await connection.close()


async def _whole(
    connection: Connection,
    projection: Projection,
    config: ProjectionsConfig,
    decoder: Decoder,
    how: How,
    *,
    outdated: bool,
) -> Replayed:
    old = await live.ensure(connection, projection)
    anew, overtaken = how.anew, frozenset[Place]()
    while True:
        passed = frozenset(how.passed())
        if not anew:
            overtaken |= await skips.changed_behind(connection, projection.name, passed)
        schema = await shadow.target(connection, projection, anew=anew, passed=passed)
        anew = False
        try:
            async with Load(
                projection, config, decoder, schema, how.lanes, passed, stop=how.stop, apart=how.apart
            ) as load:
                done = await _Replay(connection, projection, load, how, old).run(outdated=outdated)
        except _Overtaken as error:
            anew = error.anew
            continue
        return replace(done, overtaken=overtaken)


async def _part(
    connection: Connection, projection: Projection, config: ProjectionsConfig, decoder: Decoder, how: How
) -> Replayed:
    assert how.bounds is not None
    old = await live.ensure(connection, projection)
    schema = await shadow.beside(connection, projection, shadow.PARTIAL)
    await checkpoint.ensure(connection, schema, how.bounds.begin)
    await checkpoint.advance(connection, schema, how.bounds.begin)
    passed = frozenset(how.passed())
    async with Load(projection, config, decoder, schema, how.lanes, passed, stop=how.stop, apart=how.apart) as load:
        ends = await load.ends()
        work = _Replay(connection, projection, load, how, old)
        await work.to({p: min(end, how.bounds.end.get(p, end)) for p, end in ends.items()}, "loading")
        work.show("indexing")
        await live.index(connection, projection, schema)
    return Replayed(schema, old)


@dataclass
class _Replay:
    connection: Connection
    projection: Projection
    load: Load
    how: How
    old: str
    total: int = 0
    before: int = 0

    async def run(self, *, outdated: bool) -> Replayed:
        # A newer version would be filled in vain: readers are never taken back in time, unless somebody accepts that.
        lost = await self.load.lost(await reached(self.connection, self.old, self.load.partitions))
        if lost and not self.how.short:
            raise lost[0]
        if await self.load.lost(await reached(self.connection, self.load.schema, self.load.partitions)):
            raise _Overtaken(anew=True)
        if not (outdated or lost or await self._followed()):
            raise _Overtaken(anew=True)
        # Not beyond the live one, for both have to be looked at after the same records.
        goal = await self.load.ends() if outdated else await self._live()
        await self.to(goal, "loading")
        self.show("indexing")
        await self.connection.execute("set maintenance_work_mem = '512MB'")
        await live.index(self.connection, self.projection, self.load.schema)
        await self._check_skips()
        comparison = await self._upgrade() if outdated else await self._compared(pin=not lost)
        comparison = replace(comparison, lost=tuple(one.told for one in lost))
        if not (comparison.equal or (outdated and not lost) or await self.how.accept(comparison)):
            return Replayed(self.load.schema, self.old, comparison)
        while True:
            # Without a pause: each round has less to do than the one before.
            await self.to(await self.load.ends(), "catching up")
            await self._check_skips()
            if await behind(self.connection, await self._live(), self.load) <= NEAR and await self._switched():
                self.show("switched")
                return Replayed(self.load.schema, self.load.schema, comparison, self.old)

    async def to(self, ends: Mapping[Partition, int], phase: str) -> None:
        """Load up to these offsets, showing the progress."""
        at = await checkpoint.read(self.connection, self.load.schema)
        self.total = total(ends, self.load.begins, self.load.partitions)
        self.before = total(at, self.load.begins, self.load.partitions) - self.load.done
        self.load.on_batch = lambda _: self.show(phase)
        self.show(phase)
        await self.load.to(ends)

    def show(self, phase: str) -> None:
        """Tell how far it has come."""
        done = min(self.total, self.before + self.load.done)
        self.how.on_progress(Progress(self.projection.name, self.load.schema, self.load.told(phase), done, self.total))

    async def _followed(self) -> bool:
        return await followed(self.connection, self.old, self.load, lambda: self.show("waiting for the live one"))

    async def _check_skips(self) -> None:
        if await skips.changed_behind(self.connection, self.projection.name, self.how.passed()):
            raise _Overtaken

    async def _live(self) -> dict[Partition, int]:
        """How far the live one has come, of what the log still has."""
        found = await reached(self.connection, self.old, self.load.partitions)
        if not self.how.short:
            return found
        ends = await self.load.ends()
        return {place: min(offset, ends[place]) for place, offset in found.items()}

    async def _compared(self, *, pin: bool) -> Comparison:
        self.show("comparing")
        async with pinned(self.load, self.old) if pin else looked(self.load) as seeing:
            return await compared(seeing, self.projection, self.old, self.load)

    async def _upgrade(self) -> Comparison:
        before = await self.connection.fetchval(
            "select version from read.live where projection = $1", self.projection.name
        )
        return Comparison(
            self.projection.name, self.projection.version, self.old, self.load.schema, upgrade_from=before
        )

    async def _switched(self) -> bool:
        with suppress(asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            async with self.connection.transaction():
                await self.connection.execute(f"set local lock_timeout = '{_LOCK_WAIT}'")
                await self.connection.execute(f"lock table {self.old}.checkpoints in exclusive mode")
                ahead = await self._live()
                if await behind(self.connection, ahead, self.load) > NEAR:
                    return False
                mine = await checkpoint.read(self.connection, self.load.schema)
                await self.load.to({p: max(end, mine.get(p, 0)) for p, end in ahead.items()})
                version = await self.connection.fetchval(
                    "select version from read.live where projection = $1", self.projection.name
                )
                await self.connection.execute(f"set local lock_timeout = '{_VIEWS_WAIT}'")
                await live.point(self.connection, self.projection, self.load.schema)
                await shadow.keep(self.connection, self.projection, self.old, shadow.REPLACED, version)
                await self.connection.execute("delete from read.rebuilds where projection = $1", self.projection.name)
                await self.connection.execute("select pg_notify($1, $2)", CHANNEL, self.projection.name)
            return True
        return False
