"""The process that folds the log into every projection, and watches the audited topics meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from muniment.infra import bootstrap
from muniment.infra.log_watch.starting import check_topics
from muniment.infra.log_watch.watch import Watch
from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.producers.clock import utc_now
from muniment.producers.operations.operations import Operations
from muniment.projections.config import ProjectionsConfig
from muniment.projections.registry import PROJECTIONS
from muniment.projections.running import run_projections
from muniment.projections.status import Status
from muniment.stream_apps.hosting.health import Health, serve_health


async def projections(settings: Settings) -> None:
    """Every projection."""
    status = Status()
    health = Health()

    def shown(name: str) -> dict[str, Any]:
        if name not in status.projections:
            return {"running": False}
        found = status.projections[name].as_dict()
        return {"running": found["state"] in {"running", "rebuilding"}, **found}

    await check_topics(settings, refuse=False)
    async with bootstrap.parts(settings, client_id="muniment-projections") as parts, watching(parts):
        config = projections_config(settings)
        for name in PROJECTIONS:
            health.add(name, partial(shown, name))
        server = await serve_health(health, settings.web_host, settings.projections_port)
        try:
            passed = partial(_passed, parts.operations)
            known = parts.operations.caught_up
            await run_projections(config, parts.codec, passed=passed, known=known, status=status)
        finally:
            await server.cleanup()


@asynccontextmanager
async def watching(parts: bootstrap.Parts) -> AsyncIterator[None]:
    """The watch over the audited topics beside whatever runs inside."""
    settings = parts.settings
    watch = Watch(
        required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP"),
        parts.pool,
        parts.publisher,
        now=utc_now,
        replication=settings.replication_factor,
    )
    task = asyncio.create_task(watch.run(), name="watch")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _passed(operations: Operations, name: str) -> frozenset[tuple[str, int, int]]:
    return operations.state.passed_by(name)


def projections_config(settings: Settings) -> ProjectionsConfig:
    """What projections and their rebuilds need to be told."""
    return ProjectionsConfig(
        bootstrap=required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP"),
        database_url=bootstrap.database_url(settings),
        dimensions=settings.embedding_dimensions,
        reconcile_every_s=settings.reconcile_every_s,
    )
