"""One reader of one project: Server-sent events of what happens to it, and to the jobs of its documents.

Two orders are told on one connection: that of the project, which is one partition of the log, and that of jobs (see
`live`). An event's id says how far its reader was told in both, so whoever comes back with it misses nothing.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol
from uuid import UUID

from fastapi.sse import format_sse_event

from muniment.api.project_reads.answers import Happened, Project
from muniment.api.project_reads.news import Key, ProjectNews
from muniment.api.project_reads.port import ProjectReads
from muniment.schemas.errors import MunimentError

PAGE = 500
LOOK_S = 5.0
"""So often a reader's project is looked at though nothing was heard of it."""
AWAY_S = 1.0
MOST_JOBS = 200
"""Of so many documents that come in at once the jobs are told; of more, their list is to be read."""
_ID = re.compile(rb"(?m)^id: ([^\n]*)$")
_FORM = re.compile(r"(-1|[0-9]{1,18})(?:~([A-Za-z0-9_-]*))?")
Write = Callable[[bytes], Awaitable[None]]


class Jobs(Protocol):
    """The jobs' part: a stream of `live`."""

    mark: str | None

    def end(self, reason: str | None = None) -> None:
        """Send no more."""
        ...

    async def run(self, write: Write) -> None:
        """Send until it is over."""
        ...


def place_in(text: str) -> tuple[int, str | None]:
    """How far an event id says that its reader was told: of the project, and of jobs.

    Raises:
        ValueError: it is no id of these streams.

    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError("not an event id")
    return int(found[1]), found[2] or None


class Following:
    """See the module; `members` is kept up as documents come and go."""

    def __init__(
        self, reads: ProjectReads, news: ProjectNews, whose: Key, *, jobs: Jobs, members: set[UUID], after: int | None
    ) -> None:
        self._reads = reads
        self._news = news
        self._whose = whose
        self.jobs = jobs
        self._members = members
        self._after = after
        self._writing = asyncio.Lock()

    def end(self) -> None:
        """Send no more."""
        self.jobs.end()

    async def run(self, write: Write) -> None:
        """Send until it is over."""
        with self._news.listening(self._whose) as heard:
            if self._after is None:
                await self._begin(write)
            facts = asyncio.create_task(self._facts(write, heard))
            facts.add_done_callback(lambda _: self.jobs.end())
            try:
                await self.jobs.run(lambda data: self._write(write, data))
            finally:
                facts.cancel()
                with suppress(asyncio.CancelledError):
                    await facts

    async def _begin(self, write: Write) -> None:
        # How far it is before how it is: what happens in between is told once more, and nothing is left out.
        after = await self._reads.last(*self._whose)
        project = await self._reads.project(*self._whose)
        self._after = after
        if project is not None:
            await write(self._event("project", project))

    async def _facts(self, write: Write, heard: asyncio.Event) -> None:
        while True:
            heard.clear()
            try:
                told = await self._reads.happened(*self._whose, self._told, PAGE)
                if told and await self._tell(write, told):
                    return
            except MunimentError:
                await asyncio.sleep(AWAY_S)
                continue
            if len(told) < PAGE:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await heard.wait()

    async def _tell(self, write: Write, told: list[Happened]) -> bool:
        """Tell what happened; whether that was the end of the project."""
        came_in: set[UUID] = set()
        if any(one.event == "ProjectDocumentsChanged" for one in told):
            # In place, for the jobs' part looks into the same set: from here on it tells of those that came in.
            now = await self._reads.everything_in(*self._whose)
            came_in = now - self._members
            self._members |= now
            self._members &= now
        data = b""
        for one in told:
            data += self._event("happened", one, one.offset)
        if came_in and len(came_in) <= MOST_JOBS:
            # What was said of their jobs before they were the project's.
            for job in await self._reads.jobs_of(self._whose[0], came_in):
                data += format_sse_event(event="end" if job.ended else "job", data_str=job.model_dump_json())
        async with self._writing:
            await write(data)
            self._after = told[-1].offset
        return told[-1].event == "ProjectDeleted"

    def _event(self, name: str, said: Project | Happened, offset: int | None = None) -> bytes:
        at = self._told if offset is None else offset
        return format_sse_event(event=name, data_str=said.model_dump_json(), id=f"{at}~{self.jobs.mark or ''}")

    async def _write(self, write: Write, data: bytes) -> None:
        async with self._writing:
            await write(_ID.sub(rb"id: %d~\1" % self._told, data))

    @property
    def _told(self) -> int:
        return -1 if self._after is None else self._after
