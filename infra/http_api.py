"""The process that answers HTTP, and hosts the steps while the workers are told not to."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog

from muniment.api.app import create_app
from muniment.infra import bootstrap
from muniment.infra.host_settings import host_settings
from muniment.infra.log_watch.starting import check_topics
from muniment.infra.serving import serve, settle
from muniment.infra.settings import Settings
from muniment.infra.working import work
from muniment.producers.operations.operations import Operations
from muniment.projections.prepare import prepare
from muniment.stream_apps.hosting.health import Health
from muniment.stream_apps.hosting.hosts import Work, run_hosts
from muniment.stream_apps.hosting.switch import FlagSwitch

ANEW_S = 2.0
"""Between the crash of the API's hosts and their next start."""
log = structlog.get_logger(__name__)


async def api(settings: Settings) -> None:
    """The HTTP API; and the hosts of the steps, while the flag `durable_worker` is off."""
    await check_topics(settings, refuse=False)
    # The read models may be empty, but they are there before anybody asks.
    await prepare(bootstrap.database_url(settings), settings.embedding_dimensions)
    name, health = f"muniment-api-{os.getpid()}", Health()
    async with (
        bootstrap.parts(settings, client_id=name, limited=False) as parts,
        bootstrap.api_dependencies(parts, health.waits) as dependencies,
    ):
        hosts = asyncio.create_task(_hosts_of_the_api(settings, parts.operations, health))
        app = create_app(dependencies)
        settle()
        try:
            await serve(app, settings.api_host, settings.api_port, trusted_proxies=settings.trusted_proxies)
        finally:
            hosts.cancel()
            await asyncio.gather(hosts, return_exceptions=True)


async def _hosts_of_the_api(settings: Settings, operations: Operations, health: Health) -> None:
    """The same hosts as the workers', in the same groups. Their crash is not the API's: they are started anew."""
    switch = FlagSwitch(operations, when=False)
    while True:
        try:
            await run_hosts(partial(_work_of_the_api, settings), host_settings(settings), switch, health)
        except Exception:
            log.exception("hosts_crashed")
        await asyncio.sleep(ANEW_S)


@asynccontextmanager
async def _work_of_the_api(settings: Settings) -> AsyncIterator[Work]:
    await check_topics(settings, refuse=True)
    # With a pool and a producer of its own, as in a worker process: no request waits behind a step, or the limit.
    async with bootstrap.parts(settings, client_id="muniment-workers") as parts, work(parts) as found:
        yield found
