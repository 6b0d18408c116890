"""Wires together what operators and auditors look at in the console."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from muniment.api.overview.port import Parked
from muniment.api.overview.postgres import PostgresOverview
from muniment.infra.group_lag import GroupLag
from muniment.infra.host_settings import host_settings
from muniment.infra.settings import Settings
from muniment.stream_apps.parking.lines import lines


@asynccontextmanager
async def looking_over(settings: Settings, pool: Any) -> AsyncIterator[PostgresOverview]:
    """The overview of an API process, as long as the block lasts."""

    async def parked() -> Sequence[Parked]:
        return [Parked(line.step, line.documents, line.records) for line in await lines(pool)]

    async with GroupLag(settings, host_settings(settings)) as lag:
        yield PostgresOverview(pool, parked, lag)
