"""Wakes those who look on at projects when something has happened to theirs: one question for all of them."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Self
from uuid import UUID

import structlog

from muniment.api.project_reads.port import ProjectReads
from muniment.schemas.errors import MunimentError

LOG = structlog.get_logger(__name__)
CONCERNED = "projects"
GAP_S = 0.025
"""Between two questions: what moves meanwhile is asked about together."""
AWAY_S = 1.0
Key = tuple[str, UUID]
"""A tenant and a project."""


class ProjectNews:
    """An async context manager; `moved` is to be called with the name of every read model that has moved."""

    def __init__(self, reads: ProjectReads) -> None:
        self._reads = reads
        self._listening: defaultdict[Key, set[asyncio.Event]] = defaultdict(set)
        self._reached: Mapping[int, int] | None = None
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin; as long as nobody listens nothing is asked."""
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    def moved(self, projection: str) -> None:
        """A read model has moved."""
        if projection == CONCERNED and self._listening:
            self._wake.set()

    @contextmanager
    def listening(self, key: Key) -> Iterator[asyncio.Event]:
        """An event that is set when something has happened to a project, for as long as this is held."""
        news = asyncio.Event()
        self._listening[key].add(news)
        try:
            yield news
        finally:
            self._listening[key].discard(news)
            if not self._listening[key]:
                del self._listening[key]

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                # The first time nobody knows since when: everybody looks.
                everybody = self._reached is None
                changed, self._reached = await self._reads.moved(self._reached)
                self._tell(set(self._listening) if everybody else changed)
                await asyncio.sleep(GAP_S)
            except Exception as error:
                if not isinstance(error, MunimentError):
                    LOG.exception("project_news.failed")
                await asyncio.sleep(AWAY_S)
                self._wake.set()

    def _tell(self, keys: set[Key]) -> None:
        for key in keys & self._listening.keys():
            for news in self._listening[key]:
                news.set()
