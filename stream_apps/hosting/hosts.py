"""All hosts of a process as one thing that runs, stops in order, and can run again.

One app (so: one consumer group) for each step and lane, unless told otherwise, and not one for all: in a shared
consumer a step with a backlog holds up the partitions that faster steps read too, and one commit waits for the
slowest of them. The lanes have groups of their own for the same reason: only so does an import leave others alone.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import partial

import structlog

from muniment.producers.publisher import Publisher
from muniment.schemas.metadata import NORMAL
from muniment.schemas.topics import DLQ, RETRY_TIERS
from muniment.stream_apps.hosting.broker import wait_for_topics
from muniment.stream_apps.hosting.concerns import topics_of
from muniment.stream_apps.hosting.crashed import HostCrashed
from muniment.stream_apps.hosting.faust_host import FaustHost
from muniment.stream_apps.hosting.health import Health, State
from muniment.stream_apps.hosting.pace import Wakefulness
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.service_host import ServiceHost
from muniment.stream_apps.hosting.settings import HostSettings, named
from muniment.stream_apps.hosting.settle import Codec, Settler
from muniment.stream_apps.hosting.switch import Switch
from muniment.stream_apps.retrying.mover import Mover
from muniment.stream_apps.step import Step

log = structlog.get_logger(__name__)
Run = Callable[[], Coroutine[object, object, None]]


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to run, and what it takes: opened when hosts are to run, closed when they have stopped.

    `beside` is what runs beside the hosts for as long as they do: by name how it runs, and what `/health` shows of it.
    """

    steps: tuple[Step, ...]
    publisher: Publisher
    codec: Codec
    ports: Ports = field(default_factory=Ports)
    beside: Mapping[str, tuple[Run, State]] = field(default_factory=dict)


Opened = Callable[[], AbstractAsyncContextManager[Work]]


async def run_hosts(opened: Opened, settings: HostSettings, switch: Switch, health: Health) -> None:
    """Run the hosts of all steps while the switch is on, until cancelled; they stop in order.

    A broker that is away, or topics that are missing, at the start are waited for. While the switch is off, the
    process holds no partition and works on nothing, and is well.

    Raises:
        HostCrashed: when any part ends by itself.

    """
    while True:
        health.stand_by(now=not switch.on())
        await switch.turned(on=True)
        health.stand_by(now=False)
        off = asyncio.create_task(switch.turned(on=False))
        try:
            async with opened() as work:
                await _run_until(off, work, settings, health)
        finally:
            off.cancel()
            health.clear()


async def _run_until(off: asyncio.Task[None], work: Work, settings: HostSettings, health: Health) -> None:
    topics = {topic for step in work.steps for topic in topics_of(step)} | {t.name for t in (DLQ, *RETRY_TIERS)}
    waiting = asyncio.create_task(wait_for_topics(settings.bootstrap, topics))
    tasks: list[asyncio.Task[None]] = []
    try:
        await asyncio.wait((off, waiting), return_when=asyncio.FIRST_COMPLETED)
        if off.done():
            return
        parts = _parts(work, settings)
        health.show_waits(work.ports.waits.shown)
        for name, (_, state) in parts.items():
            health.add(name, state)
        tasks = [asyncio.create_task(run()) for run, _ in parts.values()]
        log.info("hosts_started", parts=sorted(parts))
        await asyncio.wait((off, *tasks), return_when=asyncio.FIRST_COMPLETED)
        health.stand_by(now=off.done())
        if not off.done():
            reasons = [task.exception() for task in tasks if task.done() and not task.cancelled()]
            raise HostCrashed(f"a part ended by itself: {reasons}")
    finally:
        for task in (waiting, *tasks):
            task.cancel()
        await asyncio.gather(waiting, *tasks, return_exceptions=True)
        log.info("hosts_stopped", asked=off.done())


def _parts(work: Work, settings: HostSettings) -> Mapping[str, tuple[Run, State]]:
    settler = Settler(work.codec, work.publisher, limits=settings.retry, ports=work.ports)
    hosts: list[FaustHost | ServiceHost] = []
    for lane in settings.lanes:
        slow = [step for step in work.steps if step.slow]
        quick = [step for step in work.steps if not step.slow]
        if lane == NORMAL:
            hosts += _normal(quick, settler, settings)
            hosts += _beside(slow, settler, settings, lane)
        else:
            hosts += _beside(work.steps, settler, settings, lane)
    parts: dict[str, tuple[Run, State]] = {host.name: (host.run, host.state) for host in hosts}
    if settings.move_retries:
        mover = Mover(settings.bootstrap, work.publisher, group=settings.group("retrying"), limits=settings.retry)
        parts["retrying"] = mover.run, mover.state
    return parts | dict(work.beside)


def _normal(steps: Sequence[Step], settler: Settler, settings: HostSettings) -> Iterator[FaustHost]:
    byname = {step.name: step for step in steps}
    for names in settings.apps(list(byname)):
        # An app is named after the first of those that belong together, whether or not it runs here.
        name = next((group[0] for group in settings.together if names[0] in group), names[0])
        yield FaustHost(name, [byname[n] for n in names], settler, settings, NORMAL)


def _beside(steps: Sequence[Step], settler: Settler, settings: HostSettings, lane: str) -> Iterator[ServiceHost]:
    # Most of what these read is another lane's: an aiokafka consumer passes a record by at a sixteenth of what it
    # costs to take it through Faust. And a record of minutes is no reason for it to leave its group, or to be left.
    shared = Wakefulness()
    for step in steps:
        work, later = partial(settler.settle, step), partial(settler.put_off, step)
        name = named(step.name, lane)
        yield ServiceHost(step, work, settings, name=name, lane=lane, wakefulness=shared, put_off=later)
