"""A log, workers and a mover in one event loop, with failures and crashes drawn from a seed: nobody keeps a clock."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID, uuid5

from support.key_ring import MemoryKeyRing
from support.parking import MemoryParking
from support.publisher import MemoryPublisher
from support.toy_step import indexed, job

from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import Envelope, decode
from muniment.schemas.documents import DocumentChunked, DocumentIndexed
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.ids import NAMESPACE
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.topics import DLQ, DOCUMENTS, REDELIVERY, RETRY_TIERS
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.parking.sweep import Sweep
from muniment.stream_apps.step import Step

T = TypeVar("T")
INPUT, BACK = DOCUMENTS.name, REDELIVERY["indexing"].name
NEVER = 9
PARTITIONS = 4


class Flaky(Step):
    """Fails as often as its input says (`tokens`), half of it as an outage; `NEVER` is hopeless."""

    name = "indexing"
    reads: tuple[type[Event], ...] = (DocumentChunked,)
    timeout_s = 60.0

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        event, past = envelope.event, retry_state(envelope.record)
        assert isinstance(event, DocumentChunked)
        await asyncio.sleep(0)
        failed = past.attempt + past.waits if past and envelope.record.topic == BACK else 0
        if event.tokens == NEVER:
            raise StepFailure(ErrorCode.PROVIDER_REJECTED, "hopeless")
        if failed < event.tokens:
            codes = (ErrorCode.UNEXPECTED, ErrorCode.PROVIDER_UNAVAILABLE)
            raise StepFailure(codes[(event.version + failed) % 2], "not yet")
        yield indexed(event)


@dataclass
class World:
    """`crash` is the chance of dying before or after any call of the log or of the parking."""

    rng: random.Random
    crash: float = 0.0
    log: MemoryPublisher = field(default_factory=lambda: MemoryPublisher(PARTITIONS))
    parking: MemoryParking = field(default_factory=MemoryParking)
    read: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    crashes: int = 0

    def __post_init__(self) -> None:
        codec = LogCodec(MemoryKeyRing())
        parking: Any = _Mortal(self.parking, self.dying)
        self._settler = Settler(codec, _Mortal(self.log, self.dying), ports=Ports(parking=parking), sleep=_at_once)
        self._sweep = Sweep(parking, self.log, lost_s=1e9, held=lambda _: False)
        self._step = Flaky()

    async def dying(self, call: Callable[..., Awaitable[T]], *args: Any) -> T:
        """A call that its caller may not survive."""
        await self._maybe_die()
        done = await call(*args)
        await self._maybe_die()
        return done

    async def settle(self, record: Record) -> str:
        """Settle one record."""
        return await self._settler.settle(self._step, record)

    async def sweep(self) -> int:
        """Sweep once, as if long after."""
        return await self._sweep.once(abandoned_s=0)

    async def run(self, documents: int, most: int) -> dict[UUID, list[int]]:
        """Give every document its versions, work until all is quiet; the versions that were given."""
        given = {uuid5(NAMESPACE, f"document/{n}"): self.rng.randrange(1, most + 1) for n in range(documents)}
        inputs = [(d, v) for d, count in given.items() for v in range(1, count + 1)]
        self.rng.shuffle(inputs)
        inputs.sort(key=lambda i: i[1])
        for document, version in inputs:
            fails = self.rng.choice((0, 0, 0, 0, 0, 0, 0, 1, 2, 3, NEVER))
            await self.log.send(job("acme", document_id=document, version=version, tokens=fails))
        working = [asyncio.create_task(self._worker(half)) for half in (0, 1)]
        working.append(asyncio.create_task(self._worker(0, twice=True)))
        moving = asyncio.create_task(self._mover())
        await asyncio.gather(*working)
        moving.cancel()
        return {document: list(range(1, count + 1)) for document, count in given.items()}

    def applied(self) -> dict[UUID, list[int]]:
        """What a reader sees: each document's versions in the order of their first results, or deaths."""
        seen: dict[UUID, list[int]] = defaultdict(list)
        for record in self.log.sent:
            if record.topic not in (INPUT, DLQ.name):
                continue
            event = decode(record, lambda _: None).event
            ended = isinstance(event, DocumentIndexed) or record.topic == DLQ.name
            if ended and event.version not in seen[event.document_id]:
                seen[event.document_id].append(event.version)
        return seen

    async def _worker(self, half: int, *, twice: bool = False) -> None:
        """Read the partitions of one half; `twice`: as their former owner, with records that the new one has begun."""
        behind: dict[tuple[str, int], int] = defaultdict(int)
        read = behind if twice else self.read
        places = [(topic, p) for topic in (INPUT, BACK) for p in range(half, PARTITIONS, 2)]
        while not self._quiet():
            place = self.rng.choice(places)
            end = self.read[place] + 1 if twice else None
            found = [r for r in self.log.sent if (r.topic, r.partition) == place][read[place] : end]
            await asyncio.sleep(0)
            if not found:
                continue
            if twice and self.rng.random() < 0.7:
                read[place] += 1
                continue
            try:
                await asyncio.create_task(self.settle(found[0]))
            except asyncio.CancelledError:
                self.crashes += 1  # not acknowledged: it is read again
                if not twice:
                    continue
            read[place] += 1

    async def _mover(self) -> None:
        tiers = [(tier.name, p) for tier in RETRY_TIERS for p in range(PARTITIONS)]
        while True:
            place = self.rng.choice(tiers)
            for record in [r for r in self.log.sent if (r.topic, r.partition) == place][self.read[place] :][:1]:
                await self.log.send(record.to(BACK))
                self.read[place] += 1
            if self.rng.random() < 0.05:
                try:
                    await asyncio.create_task(self.sweep())
                except asyncio.CancelledError:
                    self.crashes += 1
            await asyncio.sleep(0)

    def _quiet(self) -> bool:
        counts: dict[tuple[str, int], int] = defaultdict(int)
        for record in self.log.sent:
            counts[record.topic, record.partition or 0] += 1
        read = {INPUT, BACK, *(t.name for t in RETRY_TIERS)}
        caught_up = all(self.read[place] >= count for place, count in counts.items() if place[0] in read)
        return caught_up and not self.parking.records and not self.parking.heads

    async def _maybe_die(self) -> None:
        await asyncio.sleep(0)
        task = asyncio.current_task()
        if self.rng.random() < self.crash and task is not None:
            task.cancel()
            await asyncio.sleep(0)


class _Mortal:
    """A port whose caller may die before or after each call."""

    def __init__(self, port: Any, dying: Callable[..., Awaitable[Any]]) -> None:
        self._port = port
        self._dying = dying

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        return lambda *args: self._dying(getattr(self._port, name), *args)


async def _at_once(_: float) -> None:
    await asyncio.sleep(0)
