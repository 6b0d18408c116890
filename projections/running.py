"""Run projections in this process until it is told to stop."""

import asyncio
import logging
import signal
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from aiokafka.errors import KafkaError

from muniment.producers.postgres import FAILURES
from muniment.projections import live
from muniment.projections.away import is_away, said, waiting_for
from muniment.projections.backoff import Backoff
from muniment.projections.batch import Decoder, Place
from muniment.projections.config import ProjectionsConfig
from muniment.projections.database import connect
from muniment.projections.fold import PoisonRecord
from muniment.projections.projection import Projection
from muniment.projections.registry import PROJECTIONS
from muniment.projections.replaying.load import LogTooShort, Stopped
from muniment.projections.replaying.replay import How, replay
from muniment.projections.runner import Runner
from muniment.projections.status import ProjectionStatus, Status
from muniment.projections.verifying.reconciler import Reconciler
from muniment.schemas.errors import MunimentError

log = logging.getLogger(__name__)
Passed = Callable[[str], Collection[Place]]
"""The places that a projection passes by now, by its name: those that operators have skipped."""


def _nothing(_: str) -> Collection[Place]:
    return frozenset()


async def run_projections(
    config: ProjectionsConfig,
    decoder: Decoder,
    *,
    passed: Passed = _nothing,
    known: asyncio.Event | None = None,
    status: Status | None = None,
    stop: asyncio.Event | None = None,
    signals: bool = True,
) -> None:
    """Follow the log with every projection until SIGTERM, SIGINT or `stop`.

    A batch under way is finished or rolled back; either way nothing is lost and nothing doubled. Raises what ended a
    runner, if that was a fault of the code rather than an absent database or broker; the others are stopped first.
    Nothing is folded before `known` is set: until then `passed` may not have heard of what operators have skipped.
    """
    shown = status if status is not None else Status()
    stopping = stop or asyncio.Event()
    if signals:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):
                loop.add_signal_handler(number, stopping.set)
    names = config.names or tuple(PROJECTIONS)
    for name in names:
        shown.projections[name] = ProjectionStatus(name)
    if known is not None and not known.is_set():
        for name in names:
            shown.projections[name].enter("waiting_for_broker", "it is not known yet what is skipped")
        await _first_of(known, stopping)
    async with asyncio.TaskGroup() as group:
        for name in names:
            running = _One(PROJECTIONS[name](config.dimensions), config, decoder, passed, stopping)
            group.create_task(running.run(shown.projections[name]))
        if config.reconcile_every_s:
            reconciler = Reconciler(config, decoder, passed, shown, stopping, config.reconcile_every_s)
            group.create_task(reconciler.run())


def _do(name: str, error: LogTooShort | PoisonRecord) -> str:
    if isinstance(error, PoisonRecord):
        return f'; to pass it by: muniment projections skip {name} {error.place} --reason "…"'
    return ""


async def _first_of(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


@dataclass(frozen=True)
class _One:
    projection: Projection
    config: ProjectionsConfig
    decoder: Decoder
    passed: Passed
    stop: asyncio.Event

    async def run(self, status: ProjectionStatus) -> None:
        await self._replace_outdated(status)
        await Runner(
            self.projection,
            self.config,
            self.decoder,
            status,
            self.stop,
            passed=partial(self.passed, self.projection.name),
        ).run()

    async def _replace_outdated(self, status: ProjectionStatus) -> None:
        # After an upgrade the tables of the older version stay readable as they are; this version fills its own beside
        # them and switches. It must not fold into tables that were made for another version.
        backoff = Backoff(*self.config.backoff_s, self.stop)
        while not self.stop.is_set():
            try:
                if await self._outdated():
                    status.enter("rebuilding")
                    passed = partial(self.passed, self.projection.name)
                    how = How(lanes=2, passed=passed, only_outdated=True, stop=self.stop)
                    await replay(self.projection, self.config, self.decoder, how)
            except Stopped:
                return
            except (LogTooShort, PoisonRecord) as error:
                # No fault of the code, and none of the other projections: somebody has to look, and this one waits.
                name = self.projection.name
                log.error("projection %s stays of the older version: %s%s", name, error, _do(name, error))  # noqa: TRY400
                status.enter("rebuilding", type(error).__name__)
                await backoff.wait()
            except (KafkaError, MunimentError, *FAILURES) as error:
                if not isinstance(error, KafkaError) and not is_away(error):
                    raise
                log.warning("projection %s is not folded anew yet: %s", self.projection.name, said(error))
                status.enter(waiting_for(error), said(error))
                await backoff.wait()
            else:
                return

    async def _outdated(self) -> bool:
        connection = await connect(self.config.database_url, f"projection {self.projection.name}")
        try:
            await live.ensure_pointer(connection)
            return await live.outdated(connection, self.projection)
        finally:
            await connection.close()
