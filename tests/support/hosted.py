"""A host of any kind at work on the toy step, with its mover, and everything it wrote: for the hosts' suite."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer
from support.key_ring import MemoryKeyRing
from support.topics import begin_at_the_end, create_topics
from support.toy_step import Do, ToyStep, job

from muniment.producers.kafka import KafkaPublisher
from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import declaration_of
from muniment.schemas.errors import MunimentError
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, DOCUMENTS, JOBS, RETRY_TIERS
from muniment.stream_apps.hosting.faust_host import FaustHost
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.service_host import ServiceHost
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.retrying.mover import Mover
from muniment.stream_apps.retrying.policy import Limits

QUICK = Limits(delays_s=(0.05, 0.1, 0.15, 0.2), outage_deadline_s=600)
SESSION_S = 30.0
"""Nobody is killed here: a process that stands still for some seconds keeps its place, and does nothing twice."""
Run = Callable[[], Coroutine[Any, Any, None]]


def faust_hosted(step: ToyStep, settings: HostSettings, publisher: KafkaPublisher, ports: Ports | None = None) -> Run:
    """A Faust agent."""
    settler = Settler(LogCodec(MemoryKeyRing()), publisher, limits=settings.retry, ports=ports)
    return FaustHost(step.name, (step,), settler, settings).run


def service_hosted(step: ToyStep, settings: HostSettings, publisher: KafkaPublisher, ports: Ports | None = None) -> Run:
    """An aiokafka service."""
    settler = Settler(LogCodec(MemoryKeyRing()), publisher, limits=settings.retry, ports=ports)
    return ServiceHost(step, lambda record: settler.settle(step, record), settings).run


class Hosted:
    """A running host. `seen` holds, by topic, every record of this test's tenant that is on the log."""

    def __init__(self, bootstrap: str, tenant: str) -> None:
        self.bootstrap = bootstrap
        self.tenant = tenant
        self.step = ToyStep(tenant, timeout_s=60.0)
        self.seen: dict[str, list[Record]] = defaultdict(list)
        self._tasks: list[asyncio.Task[Any]] = []

    @classmethod
    async def begin(cls, bootstrap: str, tenant: str, kind: Callable[..., Run]) -> "Hosted":
        """Start everything; returns when the host works."""
        self = cls(bootstrap, tenant)
        await create_topics(bootstrap)
        await begin_at_the_end(bootstrap, tenant)
        self.publisher = KafkaPublisher(bootstrap)
        await self.publisher.__aenter__()
        settings = HostSettings(bootstrap, group_prefix=tenant, retry=QUICK, session_timeout_s=SESSION_S)
        run = kind(self.step, settings, self.publisher)
        self.host = getattr(run, "__self__", None)
        mover = Mover(bootstrap, self.publisher, group=f"{tenant}.retrying", limits=QUICK, session_timeout_s=SESSION_S)
        self._reader = await self._read()
        self._tasks += [asyncio.create_task(run()), asyncio.create_task(mover.run())]
        # The first record through shows that the host has its partitions.
        await self.result_of(await self.give())
        return self

    def cancel(self) -> None:
        """Ask everything to stop, and wait for nothing."""
        for task in self._tasks:
            task.cancel()

    async def end(self) -> None:
        """Stop everything; whatever crashed is raised."""
        self.cancel()
        ends = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._reader.stop()
        await self.publisher.__aexit__()
        await _end_tasks_of_faust()
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def give(self, do: Do = Do.WORK, **what: Any) -> Record:
        """Put an input on the log."""
        return await self.put(job(self.tenant, do=do, **what))

    async def put(self, record: Record) -> Record:
        """Put any record on the log."""
        return await self.publisher.send(record)

    async def wait_for(
        self, topic: str, key: bytes, count: int = 1, *, name: str = "", within_s: float = 100
    ) -> list[Record]:
        """The records of that key (and event name) on a topic, once there are as many."""
        async with asyncio.timeout(within_s):
            while len(found := self.found(topic, key, name)) < count:  # noqa: ASYNC110 - the broker is what is waited for
                await asyncio.sleep(0.01)
        return found

    def found(self, topic: str, key: bytes, name: str = "") -> list[Record]:
        """The records of that key (and event name) on a topic so far."""
        return [r for r in self.seen[topic] if r.key == key and (not name or _name(r) == name)]

    async def result_of(self, record: Record) -> list[Record]:
        """The `DocumentIndexed` that an input led to."""
        return await self.wait_for(DOCUMENTS.name, record.key, name="DocumentIndexed")

    async def dead_letter_of(self, record: Record) -> Record:
        """The dead letter that an input led to."""
        return (await self.wait_for(DLQ.name, record.key))[0]

    async def _read(self) -> Any:
        topics = [DOCUMENTS.name, JOBS.name, DLQ.name, *(t.name for t in RETRY_TIERS)]
        reader = AIOKafkaConsumer(*topics, bootstrap_servers=self.bootstrap, auto_offset_reset="latest")
        await reader.start()
        await reader.seek_to_end()
        self._tasks.append(asyncio.create_task(self._collect(reader)))
        return reader

    async def _collect(self, reader: Any) -> None:
        async for message in reader:
            record = Record(
                message.topic, message.key, message.value, tuple(message.headers), message.partition, message.offset
            )
            if record.header("tenant") == self.tenant:
                self.seen[record.topic].append(record)


def _is_of_faust(task: asyncio.Task[Any]) -> bool:
    code = getattr(task.get_coro(), "cr_code", None)
    return code is not None and not {"faust", "mode"}.isdisjoint(Path(code.co_filename).parts)


async def _end_tasks_of_faust() -> None:
    """Cancel what a stop that was given up left behind, its supervisors first restarting what is cancelled.

    A worker's process ends with them; here the loop waits for them, once, and without end.
    """
    for _ in range(10):
        left = [t for t in asyncio.all_tasks() if _is_of_faust(t)]
        if not left:
            return
        for task in left:
            task.cancel()
        await asyncio.sleep(0.1)


def _name(record: Record) -> str:
    try:
        return declaration_of(record).name
    except MunimentError:
        return ""


__all__ = ["Hosted", "faust_hosted", "service_hosted"]
