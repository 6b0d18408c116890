"""Runs the hosts of one worker process: until it is asked to stop, with `/health` and `/metrics` beside them."""

import asyncio
import os
import signal
import threading
from collections.abc import Coroutine

import structlog

from muniment.stream_apps.hosting.faust_host import STOPPING
from muniment.stream_apps.hosting.health import Health, serve_health
from muniment.stream_apps.hosting.hosts import Opened, run_hosts
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.hosting.switch import AlwaysOn, Switch

STOP_LIMIT_S = 14.0
log = structlog.get_logger(__name__)


async def run_workers(opened: Opened, settings: HostSettings, switch: Switch | None = None) -> None:
    """Run until SIGTERM or SIGINT, then stop within 15 s: running work gets a moment, settled work is committed.

    While the switch is off the process works on nothing, and is well.

    Raises:
        HostCrashed: when any part ends by itself; let the process end with it, non-zero.

    """
    health = Health()
    server = None
    if settings.health_port is not None:
        server = await serve_health(health, settings.health_host, settings.health_port)
    try:
        await _until_asked_to_stop(run_hosts(opened, settings, switch or AlwaysOn(), health))
    finally:
        if server is not None:
            await server.cleanup()


async def _until_asked_to_stop(running: Coroutine[object, object, None]) -> None:
    asked = asyncio.Event()
    last_resort = threading.Timer(STOP_LIMIT_S, os._exit, (1,))
    last_resort.daemon = True
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    stop, hosts = asyncio.create_task(asked.wait()), asyncio.create_task(running)
    log.info("workers_started")
    try:
        await asyncio.wait((stop, hosts), return_when=asyncio.FIRST_COMPLETED)
    finally:
        # Never later than this, whatever hangs: all that is settled is confirmed, so even a kill loses nothing.
        last_resort.start()
        stop.cancel()
        hosts.cancel()
        (end,) = await asyncio.gather(hosts, return_exceptions=True)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        if not any(task.get_name() == STOPPING for task in asyncio.all_tasks()):
            last_resort.cancel()
        log.info("workers_stopped", asked=asked.is_set())
    if isinstance(end, Exception) and not asked.is_set():
        raise end
