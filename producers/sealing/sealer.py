"""The sealer: hashes what is new on the log into trees, signs them, tells of it, and looks at the old once more.

It reads for itself, after the fact, and nothing waits for it. Any number may run: each takes the partitions that it can
lock in Postgres. A lock only spares double work; what keeps two from contradicting each other is in `store`.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import structlog

from muniment.producers.postgres import FAILURES
from muniment.producers.sealing.adopting import Adopting
from muniment.producers.sealing.appending import SHORT_ROUNDS, Appending, Contradiction
from muniment.producers.sealing.batches import CorruptBatch
from muniment.producers.sealing.comparing import Comparing
from muniment.producers.sealing.log_reader import Extent, LogReader, Place
from muniment.producers.sealing.publishing import Publishing
from muniment.producers.sealing.rechecking import Rechecking
from muniment.producers.sealing.store import Finding, Log, OtherInstallation, Overtaken, SealingStore, TakenOut
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError
from muniment.schemas.metrics import SEALING_FINDINGS, SEALING_HALTED, SEALING_LAG

AGAIN_S = 2.0
FAR = 50_000
"""Records not sealed yet above which no pause is made between two rounds."""
RECHECK_TURNS = 4
"""How many logs are looked at once more in a round."""
REFUSED_S = 60.0
"""How long a partition that this host cannot sign is left to others before it is tried again."""
_RELEASE = "select pg_advisory_unlock(hashtextextended('muniment.sealing/' || $1, 0))"
_TRY = "select pg_try_advisory_lock(hashtextextended('muniment.sealing/' || $1, 0))"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tools:
    """What a sealer works with, all over one reader of the log."""

    reader: LogReader
    store: SealingStore
    adopting: Adopting
    appending: Appending
    publishing: Publishing
    rechecking: Rechecking
    comparing: Comparing


Opened = Callable[[], AbstractAsyncContextManager[Tools]]


class Sealer:
    """`connect` opens a connection of its own to Postgres, which holds the locks. There is a round every `every_s`."""

    def __init__(self, connect: Callable[[], Any], opened: Opened, topics: Collection[str], *, every_s: float) -> None:
        self._connect = connect
        self._opened = opened
        self._topics = topics
        self._every_s = every_s
        self._logs: dict[Place, Log | None] = {}
        self._refused: dict[Place, float] = {}
        self._compared: set[Place] = set()
        self._findings = 0
        self._halted = 0
        self._unsealed = 0
        self._alive_at = time.monotonic()

    async def run(self) -> None:
        """Run until cancelled. What is away is waited for."""
        while True:
            try:
                await self._seal_on()
            except (MunimentError, *FAILURES, asyncpg.InterfaceError) as error:
                log.warning("sealing_waits", kind=type(error).__name__, error=getattr(error, "detail", ""))
            self._alive_at = time.monotonic()
            await asyncio.sleep(AGAIN_S)

    def state(self) -> dict[str, object]:
        """What `/health` shows of it. Findings are for people; they do not make the process unwell."""
        quiet_s = time.monotonic() - self._alive_at
        return {
            "host": "sealer",
            "running": quiet_s < max(240.0, 4 * self._every_s),
            "partitions": len(self._logs),
            "unsealed": self._unsealed,
            "findings": self._findings,
            "halted": self._halted,
            "last_turn_s": round(quiet_s, 1),
        }

    async def _seal_on(self) -> None:
        """Round after round, until something fails."""
        self._logs.clear()
        self._compared.clear()
        connection = await self._connect()
        try:
            async with self._opened() as tools:
                # What was signed binds, so all of it has to be known before anything is sealed.
                await self.look_back(tools)
                while True:
                    begun, before = time.monotonic(), self._unsealed
                    await self.round(connection, tools)
                    async with _patient("looking_back"):
                        await self.look_back(tools)
                    # Far behind, and getting nearer, it goes on at once.
                    if not FAR < self._unsealed < before:
                        await asyncio.sleep(max(0.0, self._every_s - (time.monotonic() - begun)))
        finally:
            self._logs.clear()
            connection.terminate()

    async def look_back(self, tools: Tools) -> None:
        """Take in what lies on the topic of checkpoints, and report what does not belong there."""
        for place, finding in await tools.adopting.catch_up():
            await self._report(tools.store, await tools.store.open(*place), finding)

    async def round(self, connection: Any, tools: Tools) -> None:
        """Seal what is new, tell of it, and look at some of the old. `connection` keeps the locks."""
        extents = await tools.reader.extents(self._topics)
        for place, extent in extents.items():
            found = await self._held(connection, tools.store, place)
            if found is not None:
                found = await self._compare(tools, found)
            if found is not None and found.halted is None:
                await self._seal(connection, tools, found, extent)
            self._alive_at = time.monotonic()
        await self._tell_gone(connection, tools.store, extents)
        by_id = {one.log_id: one for one in self._logs.values() if one is not None}
        for one in await tools.store.shortened(list(by_id.values())):
            await self._taken_out(tools.store, one)
        async with _patient("telling"):
            await tools.publishing.tell(list(by_id))
        async with _patient("putting_outside"):
            for log_id, finding in (await tools.publishing.put_outside(list(by_id))).items():
                await self._contradicted(tools.store, by_id[log_id], finding)
        async with _patient("rechecking"):
            for _ in range(RECHECK_TURNS):
                log_id, findings = await tools.rechecking.turn(list(by_id), extents)
                for finding in findings:
                    await self._report(tools.store, by_id[log_id], finding)
        await self._measure(tools.store, extents)
        await connection.execute("select 1")  # Whoever has lost the locks stops.

    async def _held(self, connection: Any, store: SealingStore, place: Place) -> Log | None:
        """The log, if it is this sealer's."""
        if place not in self._logs:
            if time.monotonic() - self._refused.get(place, -REFUSED_S) < REFUSED_S:
                return None
            if not await connection.fetchval(_TRY, f"{place[0]}/{place[1]}"):
                return None
            self._logs[place] = None
        if self._logs[place] is None:
            self._logs[place] = await store.open(*place)
        return self._logs[place]

    async def _compare(self, tools: Tools, found: Log) -> Log | None:
        """The log, once what lies outside is known here, too; a place that is away is asked again next time."""
        place = (found.topic, found.partition)
        if place not in self._compared:
            async with _patient("comparing_with_outside"):
                findings = await tools.comparing.look(found)
                self._compared.add(place)
                for finding in findings:
                    told = self._contradicted if finding.kind == "contradicted" else self._report
                    await told(tools.store, found, finding)
                if findings:
                    self._logs[place] = await tools.store.open(*place)
        return self._logs[place]

    async def _taken_out(self, store: SealingStore, found: Log) -> None:
        """Begun from anew: what lies outside and is not kept here is then taken in again."""
        told = f"the checkpoint of {found.signed} leaves was signed, and is not kept any more: somebody took it out"
        await self._report(store, found, Finding("taken_out", found.signed, found.signed + 1, told))
        self._logs[found.topic, found.partition] = None
        self._compared.discard((found.topic, found.partition))

    async def _seal(self, connection: Any, tools: Tools, found: Log, extent: Extent) -> None:
        place = (found.topic, found.partition)
        try:
            async for finding in tools.appending.seal(found, extent):
                await self._report(tools.store, found, finding)
        except Overtaken:
            self._logs[place] = None
        except CorruptBatch as error:
            await self._report(tools.store, found, Finding("corrupt", error.offset, error.next_offset, str(error)))
            self._logs[place] = await tools.store.open(*place)
        except Contradiction as error:
            at = found.next_offset
            await self._contradicted(tools.store, found, Finding("contradicted", at, at + 1, str(error)))
        except TakenOut:
            await self._taken_out(tools.store, found)
        except OtherInstallation as error:
            await self._refuse(tools.store, found, str(error))
            await self._leave(connection, place)
        except MunimentError as error:
            # One partition without a leader keeps no other from being sealed. What is in memory may be ahead now.
            self._logs[place] = None
            log.warning("sealing_waits", at=f"{place[0]}:{place[1]}", error=error.detail)
            if error.code is ErrorCode.KEY_RING_UNUSABLE:
                await self._leave(connection, place)

    async def _tell_gone(self, connection: Any, store: SealingStore, extents: Mapping[Place, Extent]) -> None:
        """What was sealed and has no place on the broker: after a restart nobody else would think of it."""
        for place in await store.sealed(self._topics):
            if place in extents or (found := await self._held(connection, store, place)) is None:
                continue
            found.short += 1
            if found.short >= SHORT_ROUNDS:
                told = "the broker has no such partition any more"
                await self._report(store, found, Finding("gone", 0, max(found.next_offset, 1), told))

    async def _contradicted(self, store: SealingStore, found: Log, finding: Finding) -> None:
        """Halted first: the finding keeps the checkpoint from being put outside, and so found, once more."""
        await store.halt(found, finding.detail)
        await self._report(store, found, finding)

    async def _refuse(self, store: SealingStore, found: Log, why: str) -> None:
        """Said by every sealer that begins, not only by the one that found it first."""
        place = (found.topic, found.partition)
        if place not in self._refused:
            log.error("signing_refused", at=f"{place[0]}:{place[1]}", why=why)
        await self._report(store, found, Finding("other_installation", 0, 1, why))

    async def _leave(self, connection: Any, place: Place) -> None:
        """To a host that can sign; the key file of this one may be put right, so it comes back."""
        self._refused[place] = time.monotonic()
        self._logs.pop(place, None)
        await connection.execute(_RELEASE, f"{place[0]}/{place[1]}")

    async def _report(self, store: SealingStore, found: Log, finding: Finding) -> None:
        if await store.find(found, finding):
            where = f"{found.topic}:{found.partition}:{finding.first_offset}"
            told = finding.next_offset
            log.error("log_is_not_as_sealed", at=where, kind=finding.kind, before=told, detail=finding.detail)

    async def _measure(self, store: SealingStore, extents: Mapping[Place, Extent]) -> None:
        self._findings, self._halted = await store.counts()
        ahead = [extents[place].end - one.next_offset for place, one in self._logs.items() if one and place in extents]
        self._unsealed = sum(max(0, one) for one in ahead)
        SEALING_FINDINGS.set(self._findings)
        SEALING_HALTED.set(self._halted)
        SEALING_LAG.set(self._unsealed)


@asynccontextmanager
async def _patient(what: str) -> AsyncIterator[None]:
    """One thing that cannot be done now keeps nothing else from being done; the next round tries again."""
    try:
        yield
    except MunimentError as error:
        log.warning("sealing_waits", what=what, error=error.detail)
