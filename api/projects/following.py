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

from muniment.api.live.frames import ADMITTED
from muniment.api.project_reads.answers import Happened, Project
from muniment.api.project_reads.news import Key, ProjectNews
from muniment.api.project_reads.port import ProjectReads
from muniment.schemas.errors import MunimentError

PAGE = 500
LOOK_S = 5.0
"""So often a reader's project is looked at though nothing was heard of it."""
AWAY_S = 1.0
_ADMITTED = re.compile(rb"(?m)^: %s([^\n]*)\n\n" % ADMITTED.encode())
_ID = re.compile(rb"(?m)^id: ([^\n]*)$")
_FORM = re.compile(r"(-1|[0-9]{1,18})(?:~([A-Za-z0-9_-]*))?")
Write = Callable[[bytes], Awaitable[None]]


class Jobs(Protocol):
    """The jobs' part: a stream of `live`."""

    mark: str | None

    def admit(self, groups: list[set[UUID]]) -> None:
        """Tell the jobs of documents that came in; after each group `ADMITTED` says where to tell that they did."""
        ...

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


async def beginning(reads: ProjectReads, whose: Key, after: int | None) -> tuple[int, set[UUID]]:
    """Where a reader goes on: a place of the project's order, the last one if none is given, and its documents there.

    It is asked for before how things are: what happens in between is told once more, and nothing is left out.
    """
    place = await reads.last(*whose) if after is None else after
    return place, set(await reads.everything_in(*whose, place))


class Following:
    """See the module. `members` are the project's documents as of `after`; here it is kept up as they come and go.

    A document that comes in is told of by its job as it is, then by the fact, with an id that covers both; only from
    there on its job is followed. So whoever comes back with the id from before is told of both, and of neither with the
    one from after.
    """

    def __init__(
        self,
        reads: ProjectReads,
        news: ProjectNews,
        whose: Key,
        *,
        jobs: Jobs,
        members: set[UUID],
        after: int,
        fresh: bool,
    ) -> None:
        self._reads = reads
        self._news = news
        self._whose = whose
        self.jobs = jobs
        self._members = members
        self._after = after
        self._fresh = fresh
        self._writing = asyncio.Lock()
        self._admitting: list[list[Happened]] = []
        self._admitted = asyncio.Event()

    def end(self) -> None:
        """Send no more."""
        self.jobs.end()

    async def run(self, write: Write) -> None:
        """Send until it is over."""
        with self._news.listening(self._whose) as heard:
            project = await self._reads.project(*self._whose) if self._fresh else None
            if project is not None:
                await write(self._event("project", project, self._after, self.jobs.mark))
            facts = asyncio.create_task(self._facts(write, heard))
            facts.add_done_callback(lambda _: self.jobs.end())
            try:
                await self.jobs.run(lambda data: self._write(write, data))
            finally:
                facts.cancel()
                with suppress(asyncio.CancelledError):
                    await facts

    async def _facts(self, write: Write, heard: asyncio.Event) -> None:
        while True:
            heard.clear()
            try:
                told = await self._reads.happened(*self._whose, self._after, PAGE)
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
        came_in: dict[int, set[UUID]] = {}
        if any(one.event == "ProjectDocumentsChanged" for one in told):
            now = await self._reads.everything_in(*self._whose, told[-1].offset)
            for document_id in now.keys() - self._members:
                came_in.setdefault(now[document_id], set()).add(document_id)
            # In place, for the jobs' part looks into the same set.
            self._members.intersection_update(now)
        parts: list[list[Happened]] = [[]]
        for one in told:
            if one.offset in came_in:
                parts.append([])
            parts[-1].append(one)
        plain, *self._admitting = parts
        if plain:
            async with self._writing:
                await write(self._happened(plain, self.jobs.mark))
        if self._admitting:
            self._admitted.clear()
            self.jobs.admit([came_in[part[0].offset] for part in self._admitting])
            await self._admitted.wait()
        return told[-1].event == "ProjectDeleted"

    async def _write(self, write: Write, data: bytes) -> None:
        """Write what the jobs' part says; in the same go, where it says that documents are admitted, what happened."""
        async with self._writing:
            before, *admitted = _ADMITTED.split(data)
            parts = [self._placed(before)]
            if admitted:
                for told, mark, after in zip(self._admitting, admitted[::2], admitted[1::2], strict=True):
                    parts += [self._happened(told, mark.decode()), self._placed(after)]
            await write(b"".join(parts))
            if admitted:
                # Not before: the jobs' part takes one lot at a time, and is through with it when this returns.
                self._admitted.set()

    def _placed(self, data: bytes) -> bytes:
        return _ID.sub(rb"id: %d~\1" % self._after, data)

    def _happened(self, told: list[Happened], mark: str | None) -> bytes:
        self._after = told[-1].offset
        return b"".join(self._event("happened", one, one.offset, mark) for one in told)

    def _event(self, name: str, said: Project | Happened, after: int, mark: str | None) -> bytes:
        return format_sse_event(event=name, data_str=said.model_dump_json(), id=f"{after}~{mark or ''}")
