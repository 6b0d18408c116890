"""Parking in memory, for tests of whoever parks; and ports of the wrapper that tests steer."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from muniment.schemas.record import Record
from muniment.stream_apps.parking.port import PAUSE_S, Place, Standing

Key = tuple[str, str, bytes]


@dataclass
class _Head:
    origin: str
    seen_at: float


@dataclass
class MemoryParking:
    """See `Parking`. A dict keeps the order of insertion, which is that of the line."""

    clock: Callable[[], float] = time.monotonic
    heads: dict[Key, _Head] = field(default_factory=dict)
    records: dict[tuple[str, str], tuple[Place, Record]] = field(default_factory=dict)
    noted: dict[str, float] = field(default_factory=dict)
    pauses: list[tuple[str, float, float]] = field(default_factory=list)

    async def stand(self, place: Place, record: Record) -> Standing:
        """See `Parking.stand`."""
        head = self.heads.get(_key(place))
        if head is None or head.origin == place.origin:
            return Standing.FREE if head is None else Standing.HEAD
        self.records.setdefault((place.step, place.origin), (place, record))
        return Standing.PARKED

    async def lead(self, place: Place, record: Record) -> bool:
        """See `Parking.lead`."""
        head = self.heads.setdefault(_key(place), _Head(place.origin, 0))
        if head.origin != place.origin:
            return False
        head.seen_at = self.clock()
        self.records[place.step, place.origin] = (place, record)
        return True

    async def release(self, place: Place) -> tuple[Place, Record] | None:
        """See `Parking.release`."""
        head = self.heads.get(_key(place))
        if head is None or head.origin != place.origin:
            return None
        self.records.pop((place.step, place.origin), None)
        for following, record in self.records.values():
            if _key(following) == _key(place):
                self.heads[_key(place)] = _Head(following.origin, self.clock())
                return following, record
        del self.heads[_key(place)]
        return None

    async def published(self, place: Place) -> None:
        """See `Parking.published`."""
        head = self.heads.get(_key(place))
        if head is not None and head.origin == place.origin:
            self.records.pop((place.step, place.origin), None)

    async def unpublished(self, for_s: float) -> Sequence[tuple[Place, Record]]:
        """See `Parking.unpublished`."""
        found = []
        for (step, tenant, key), head in self.heads.items():
            row = self.records.get((step, head.origin))
            if row is not None and head.seen_at <= self.clock() - for_s:
                head.seen_at = self.clock()
                found.append((Place(step, tenant, key, head.origin), row[1]))
        return found

    async def unheard_of(self, for_s: float) -> Sequence[Place]:
        """See `Parking.unheard_of`."""
        return [
            Place(step, tenant, key, head.origin)
            for (step, tenant, key), head in self.heads.items()
            if (step, head.origin) not in self.records and head.seen_at <= self.clock() - for_s
        ]

    async def running(self, steps: Sequence[str]) -> None:
        """See `Parking.running`."""
        now = self.clock()
        for step in steps:
            since = self.noted.get(step, -math.inf)
            self.noted[step] = now
            if since < now - PAUSE_S:
                self.pauses.append((step, since, now))
                for (of, _, _), head in self.heads.items():
                    head.seen_at += now - max(since, head.seen_at) if of == step else 0

    async def paused_ms(self, step: str, since_ms: int) -> int:
        """See `Parking.paused_ms`, by a clock that counts from the Unix epoch."""
        now, since = self.clock(), since_ms / 1000
        noted = self.noted.get(step, now)
        still = [(step, noted, now)] if noted < now - PAUSE_S else []
        return round(sum(b - max(a, since) for of, a, b in [*self.pauses, *still] if of == step and b > since) * 1000)

    async def waiting(self) -> dict[str, int]:
        """See `Parking.waiting`."""
        found: dict[str, int] = {}
        for step, _ in self.records:
            found[step] = found.get(step, 0) + 1
        return found


class Cancellations:
    """See `Cancelled`: a test says which jobs are."""

    def __init__(self) -> None:
        self.jobs: set[UUID] = set()
        self._more = asyncio.Event()

    def cancel(self, job_id: UUID) -> None:
        """Cancel a job."""
        self.jobs.add(job_id)
        more, self._more = self._more, asyncio.Event()
        more.set()

    def is_cancelled(self, job_id: UUID) -> bool:
        """See `Cancelled.is_cancelled`."""
        return job_id in self.jobs

    async def wait(self, job_id: UUID) -> None:
        """See `Cancelled.wait`."""
        while job_id not in self.jobs:
            await self._more.wait()


class Endings:
    """See `Redriven`: remembers what it heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[Record, str]] = []

    async def ended(self, record: Record, outcome: str) -> None:
        """See `Redriven.ended`."""
        self.heard.append((record, outcome))


def _key(place: Place) -> Key:
    return place.step, place.tenant, place.key
