"""Takes entries in before anybody is answered, and brings them to the log behind the answer's back, in order."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Protocol, Self

import structlog

from muniment.producers.publisher import Publisher
from muniment.producers.trail.delivering import BATCH, deliver, send_all
from muniment.producers.trail.frames import unframed
from muniment.producers.trail.spool import FILE_BYTES, Spool
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.metrics import AUDIT_WAITING
from muniment.schemas.record import Record

LOG = structlog.get_logger(__name__)
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
HEIRS_EVERY_S = 10.0
GATHER_S = 0.02
"""How long entries are gathered before they are sent together: a request to the broker costs as much as ten entries."""
LAST_S = 3.0
"""How long the end of a process waits for what is not on the log yet; another one takes over the rest."""


class Trail(Protocol):
    """Where entries go."""

    def add(self, record: Record) -> None:
        """Take an entry in; it outlives this process once this returns.

        Raises:
            StepFailure: `disk_full`; then nothing may be done or shown on its account.

        """
        ...


@dataclass
class _Part:
    """A file, with its records in memory while it is the one that is written, and how many of them are sent."""

    spool: Spool
    records: list[Record] | None = field(default_factory=list)
    sent: int = 0


class SpooledTrail:
    """See `Trail`. An async context manager; `folder` is shared by all processes of a machine.

    An entry is first in the file, so that the log may be away, and then on the log, at least once: after a kill some
    are sent again, under the same ids. The order within this process is kept.
    """

    def __init__(
        self, folder: Path, log: Publisher, *, file_bytes: int = FILE_BYTES, clock: Callable[[], float] = monotonic
    ) -> None:
        self._folder = folder
        self._log = log
        self._file_bytes = file_bytes
        self._clock = clock
        self._parts: deque[_Part] = deque()
        self._more = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._since: float | None = None

    async def __aenter__(self) -> Self:
        """Begin to bring entries to the log, those of dead processes, too."""
        self._tasks = [
            asyncio.create_task(self._run(self._drain, self._more), name="trail"),
            asyncio.create_task(self._run(self._inherit, None), name="trail-heirs"),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait a moment for the rest; what stays behind is for the next process."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_S):
                await self._empty.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for part in self._parts:
            part.spool.close(remove=self._empty.is_set())

    def add(self, record: Record) -> None:
        """See `Trail.add`."""
        try:
            part = self._writable()
            part.spool.append(record)
        except OSError as error:
            raise StepFailure(ErrorCode.DISK_FULL, f"the trail cannot be written: {type(error).__name__}") from error
        if part.records is not None:
            part.records.append(record)
        self._since = self._since or self._clock()
        self._empty.clear()
        self._more.set()
        AUDIT_WAITING.inc()

    @property
    def waiting_s(self) -> float:
        """For how long entries have been waiting for the log; 0 when none are."""
        return 0.0 if self._since is None else self._clock() - self._since

    def _writable(self) -> _Part:
        """The part that is written; a new one when that is full. Only the first and the last are held in memory."""
        if not self._parts or self._parts[-1].spool.size >= self._file_bytes:
            part = _Part(Spool(self._folder))
            if len(self._parts) > 1:
                self._parts[-1].records = None
            self._parts.append(part)
        return self._parts[-1]

    async def _run(self, work: Callable[[], Awaitable[None]], wake: asyncio.Event | None) -> None:
        pause = FIRST_PAUSE_S
        while True:
            try:
                await work()
                pause = FIRST_PAUSE_S
            except StepFailure as error:
                LOG.warning("trail.waits", code=str(error.code), pause_s=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
                continue
            except Exception:
                # Nobody waits for this task: whatever it meets has to be loud, and must not be its end.
                LOG.exception("trail.failed")
                await asyncio.sleep(LONGEST_PAUSE_S)
                continue
            if wake is None:
                await asyncio.sleep(HEIRS_EVERY_S)
            else:
                await wake.wait()

    async def _drain(self) -> None:
        self._more.clear()
        while self._parts:
            part = self._parts[0]
            records = part.records if part.records is not None else unframed(part.spool.path.read_bytes())
            while part.sent < len(records):
                if len(records) - part.sent < BATCH:
                    await asyncio.sleep(GATHER_S)
                batch = records[part.sent : part.sent + BATCH]
                # A batch that fails is sent again as a whole.
                await send_all(self._log, batch)
                part.sent += len(batch)
                AUDIT_WAITING.dec(len(batch))
            # Nothing is awaited from here on: nobody can add between the look and the emptying.
            if len(self._parts) > 1:
                part.spool.close(remove=True)
                self._parts.popleft()
                continue
            part.spool.empty()
            part.records, part.sent = [], 0
            self._since = None
            self._empty.set()
            return

    async def _inherit(self) -> None:
        own = [part.spool.path for part in self._parts]
        await deliver(self._folder, self._log, *own)
