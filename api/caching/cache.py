"""The two layers as one call: `await cache.kept(wanted, make)`.

An answer is kept under a name that holds the tenant's generation (`projections.generations`), and each call asks which
one that is: so no answer is given that a change has overtaken, on any instance, and a reader who waited for a position
sees what was changed there. What memory saves is the work, not that question, which costs a fraction of a millisecond.

Where nobody can be asked (the shared layer is away) every answer is made anew, and nothing is waited for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import monotonic
from typing import Protocol, Self, TypeVar

import structlog

from muniment.api.caching.flights import Flights
from muniment.api.caching.memory import Memory
from muniment.api.caching.rest import Rest
from muniment.api.caching.shared import Shared, Stored
from muniment.api.caching.wanted import Wanted, name_of
from muniment.projections.generations import KEPT
from muniment.schemas.metrics import CACHE_AWAY, CACHE_ENTRIES, CACHE_LOOKS

LOG = structlog.get_logger(__name__)
PATIENCE_S = 0.5
"""How long the shared layer may take; past that it counts as away."""
LOOK_S, GAP_S = 1.0, 0.1
"""How often this process looks whether what it holds still holds; after a change at once, but for this gap."""
SWEEP_S = 10.0
WRITES = 32
"""Answers on their way to the shared layer; beyond, an answer is kept in this process only."""
LASTING = ""
T = TypeVar("T")


class Cache(Protocol):
    """The port: an answer that may have been kept."""

    async def kept(self, wanted: Wanted[T], make: Callable[[], Awaitable[T]]) -> T:
        """The answer: kept, or made now; of several calls at once for the same, one makes it. Raises what `make` does.

        An answer is never older than the tenant's read models were when this was called.
        """
        ...


class NoCache:
    """Keeps nothing."""

    async def kept(self, wanted: Wanted[T], make: Callable[[], Awaitable[T]]) -> T:
        """See `Cache.kept`."""
        del wanted
        return await make()


class OnlyLasting:
    """What another cache keeps whatever the read models say (the vectors of questions); all else is made anew.

    For reads of a past moment: what they find is named by no generation, and must not be taken for what is there now.
    """

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    async def kept(self, wanted: Wanted[T], make: Callable[[], Awaitable[T]]) -> T:
        """See `Cache.kept`."""
        return await (self._cache.kept(wanted, make) if wanted.lasts else make())


class TwoLayers:
    """See `Cache`. An async context manager; while it runs, what does not hold any more leaves memory in a second."""

    def __init__(self, shared: Shared, *, memory: Memory | None = None, clock: Callable[[], float] = monotonic) -> None:
        self._shared = shared
        self._memory = Memory() if memory is None else memory
        self._rest = Rest(clock)
        self._clock = clock
        self._flights = Flights()
        self._writes: set[asyncio.Task[None]] = set()
        self._moved = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._swept_at = clock()

    async def __aenter__(self) -> Self:
        """Start looking after what is held."""
        self._looking = asyncio.create_task(self._look_on(), name="cache")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop; what is not written yet is lost, which costs somebody a look."""
        for task in (self._looking, *self._writes):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    def moved(self, projection: str) -> None:
        """A read model has moved."""
        if projection in KEPT:
            self._moved.set()

    def forget(self) -> None:
        """Hold nothing in this process any more."""
        self._memory.clear()

    async def kept(self, wanted: Wanted[T], make: Callable[[], Awaitable[T]]) -> T:
        """See `Cache.kept`."""
        generation = LASTING if wanted.lasts else await self._generation(wanted.tenant)
        if generation is None:
            CACHE_LOOKS.labels(wanted.kind, "shared", "away").inc()
            return await make()
        name = name_of(wanted, generation)
        found = self._memory.get(name)
        CACHE_LOOKS.labels(wanted.kind, "memory", "hit" if found is not None else "miss").inc()
        if found is None:
            found = await self._flights.join(name, lambda: self._found(wanted, name, generation, make))
        return wanted.load(found)

    async def _found(self, wanted: Wanted[T], name: bytes, generation: str, make: Callable[[], Awaitable[T]]) -> bytes:
        """The answer from the shared layer, or made and put into both."""
        value = await self._fetched(wanted, name)
        if value is None:
            answer = await make()
            value = wanted.dump(answer)
            documents = sorted(set(wanted.documents(answer)))
            self._write(Stored(name, wanted.tenant, wanted.kind, generation, value, documents))
        self._memory.put(name, wanted.tenant, generation, value)
        CACHE_ENTRIES.set(len(self._memory))
        return value

    async def _generation(self, tenant: str) -> str | None:
        found = await self._asked(lambda: self._shared.generations([tenant]))
        return None if found is None else found[tenant]

    async def _fetched(self, wanted: Wanted[T], name: bytes) -> bytes | None:
        missing: bytes = b""
        value = await self._asked(lambda: self._fetch_or(name, missing))
        result = "away" if value is None else "hit" if value else "miss"
        CACHE_LOOKS.labels(wanted.kind, "shared", result).inc()
        return value or None

    async def _fetch_or(self, name: bytes, missing: bytes) -> bytes:
        found = await self._shared.fetch(name)
        return missing if found is None else found

    async def _asked(self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """What the shared layer says; `None` when it is away, or was a moment ago."""
        if not self._rest.over:
            return None
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = await ask()
        except Exception as error:  # noqa: BLE001 - whatever it is, the read goes on without
            self._rest.failed()
            CACHE_AWAY.inc()
            LOG.warning("cache.away", error=type(error).__name__)
            return None
        self._rest.worked()
        return found

    def _write(self, answer: Stored) -> None:
        if len(self._writes) >= WRITES:
            return
        task = asyncio.create_task(self._stored(answer))
        self._writes.add(task)
        task.add_done_callback(self._writes.discard)

    async def _stored(self, answer: Stored) -> None:
        await self._asked(lambda: self._shared.store(answer))

    async def _look_on(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._moved.wait()
            self._moved.clear()
            try:
                await self._look()
            except Exception:
                # Nobody waits for this task: a fault must be loud, and must not leave memory as it is.
                LOG.exception("cache.failed")
                self._memory.clear()
            await asyncio.sleep(GAP_S)

    async def _look(self) -> None:
        """Let go of what does not hold any more; of everything, while nobody can say what does."""
        tenants = self._memory.tenants
        if tenants:
            now = await self._asked(lambda: self._shared.generations(tenants))
            self._memory.keep(now or {})
            CACHE_ENTRIES.set(len(self._memory))
        if self._clock() - self._swept_at >= SWEEP_S:
            self._swept_at = self._clock()
            await self._asked(self._shared.sweep)
