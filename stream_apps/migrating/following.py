"""Runs one host for each model that is embedded with beside the live one, as `muniment.operations` says."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from muniment.producers.operations.operations import Operations
from muniment.producers.urgency import working_for
from muniment.schemas.record import Record
from muniment.stream_apps.hosting.service_host import ServiceHost
from muniment.stream_apps.hosting.settings import BULK, HostSettings
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.migrating.step import Reembedding

ANEW_S = 2.0
"""Between the crash of a host and its next start."""
log = structlog.get_logger(__name__)


class Following:
    """Follows the log for each of these models; `first` is that of the settings, `step` makes the step of one."""

    def __init__(
        self,
        operations: Operations,
        first: str,
        step: Callable[[str], Reembedding],
        settler: Settler,
        settings: HostSettings,
    ) -> None:
        self._operations = operations
        self._first = first
        self._step = step
        self._settler = settler
        # At the pace of imports, which leave places to what somebody waits for.
        self._settings = replace(settings, concurrency=settings.bulk_concurrency)
        self._hosts: dict[str, ServiceHost] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Run until cancelled; a host that crashes is started anew."""
        try:
            while True:
                seen = self._operations.version
                await self._turn()
                change = asyncio.create_task(self._operations.changed(seen))
                try:
                    await asyncio.wait({change, *self._tasks.values()}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    change.cancel()
        finally:
            await self._end(list(self._tasks))

    def state(self) -> dict[str, object]:
        """What `/health` shows of it."""
        return {"host": "service", "running": True, "models": {m: h.state() for m, h in self._hosts.items()}}

    async def _turn(self) -> None:
        crashed = [model for model, task in self._tasks.items() if task.done()]
        for model in crashed:
            log.error("migration_crashed", model=model, error=repr(self._tasks[model].exception()))
        wanted = self._operations.state.models.beside(self._first)
        await self._end([model for model in self._tasks if model in crashed or model not in wanted])
        if crashed:
            await asyncio.sleep(ANEW_S)
        for model in wanted:
            if model not in self._tasks:
                self._begin(model)

    def _begin(self, model: str) -> None:
        step = self._step(model)

        async def work(record: Record) -> None:
            # Its turn is that of an import, whatever lane the document came by; the step says so of its calls.
            with working_for(BULK):
                await self._settler.settle(step, record)

        host = ServiceHost(step, work, self._settings, name=f"{step.name}-{model}")
        self._hosts[model] = host
        self._tasks[model] = asyncio.create_task(host.run(), name=host.name)
        log.info("migration_follows", model=model)

    async def _end(self, models: list[str]) -> None:
        tasks = [self._tasks.pop(model) for model in models]
        for model, task in zip(models, tasks, strict=True):
            self._hosts.pop(model, None)
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for model in models:
            log.info("migration_stands", model=model)
