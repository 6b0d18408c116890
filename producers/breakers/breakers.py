"""All breakers of a process: one for each service, all of them told by the log what other processes have learned."""

import asyncio
import hashlib
import random
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self
from uuid import UUID, uuid4

import structlog

from muniment.producers.breakers.breaker import Breaker, Shown
from muniment.producers.breakers.policy import BreakerLimits
from muniment.producers.clock import utc_now
from muniment.producers.operations.operations import Operations
from muniment.producers.operations.state import OpenBreaker, OperationsState
from muniment.producers.publisher import Publisher
from muniment.schemas.breakers import BREAKERS
from muniment.schemas.errors import MunimentError
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata, whole_millis
from muniment.schemas.metrics import BREAKER_OPEN
from muniment.schemas.record import Record

HOUSE = "muniment"
"""The tenant of what is said of the house itself."""
SOURCE = "muniment.breakers"
MOST = 2000
"""Breakers kept of parts that are asked for anew before each call: of hosts there is no end."""
AGAIN_S = 1.0
LOG = structlog.get_logger(__name__)


class Encodes(Protocol):
    """What is needed of `producers.log_codec.LogCodec`."""

    async def encode(self, event: Event, meta: Metadata) -> Record:
        """The record of an event."""
        ...


class Breakers:
    """Use as an async context manager. A name is one of `schemas.breakers.BREAKERS`, or `<one of them>:<part>`.

    What opens and closes here is published in the background: nobody waits for it, and while the log is away each
    process learns for itself.
    """

    def __init__(
        self,
        operations: Operations,
        publisher: Publisher,
        codec: Encodes,
        *,
        limits: BreakerLimits | None = None,
        most: int = MOST,
        now: Callable[[], datetime] = utc_now,
        draw: Callable[[], float] = random.random,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._operations = operations
        self._publisher = publisher
        self._codec = codec
        self._limits = limits or BreakerLimits()
        self._most = most
        self._now = now
        self._draw = draw
        self._new_id = new_id
        self._known: dict[str, Breaker] = {}
        self._passing: OrderedDict[str, None] = OrderedDict()
        self._heard: dict[str, OpenBreaker] = {}
        self._unsaid: dict[str, tuple[Event, datetime]] = {}
        self._something = asyncio.Event()
        self._saying: asyncio.Task[None] | None = None
        self._deaf: Callable[[], None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to listen and to publish."""
        self._deaf = self._operations.listen(self._hear)
        self._hear(self._operations.state)
        self._saying = asyncio.create_task(self._say_all(), name="breakers")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop both."""
        if self._deaf:
            self._deaf()
        if self._saying:
            self._saying.cancel()
            await asyncio.gather(self._saying, return_exceptions=True)

    def get(self, name: str) -> Breaker:
        """The breaker of that name, to hold on to for good; `KeyError` when it begins with none of `BREAKERS`."""
        self._passing.pop(name, None)
        return self._known.get(name) or self._made(name)

    def of(self, name: str, part: str) -> Breaker:
        """The breaker of one part of many, such as a host: by a digest, for what it is called may be personal.

        For one call: only the parts that were asked for last are remembered.
        """
        digest = hashlib.sha256(part.encode()).hexdigest()[:16]
        whole = f"{name}:{digest}"
        found = self._known.get(whole)
        if found is None:
            found = self._made(whole)
            self._passing[whole] = None
            self._forget()
        elif whole in self._passing:
            self._passing.move_to_end(whole)
        return found

    def shown(self) -> list[Shown]:
        """All that stand before something, and of their parts those that have something to tell."""
        parts = [breaker for name, breaker in self._known.items() if name not in BREAKERS and not breaker.idle]
        return [breaker.shown() for breaker in [*map(self.get, BREAKERS), *parts]]

    def _made(self, name: str) -> Breaker:
        if name.partition(":")[0] not in BREAKERS:
            raise KeyError(name)
        made = Breaker(name, now=self._now, draw=self._draw, say=self._said, limits=self._limits)
        self._known[name] = made
        there = self._heard.get(name)
        if there is not None:
            made.opened_elsewhere(there.at, there.until)
        return made

    def _forget(self) -> None:
        # Whatever it has counted: a dead host's failures stay under what opens it when nobody calls it again, and what
        # has opened is heard from the log when it is made anew.
        while len(self._passing) > self._most:
            longest_unused, _ = self._passing.popitem(last=False)
            del self._known[longest_unused]

    def _hear(self, state: OperationsState) -> None:
        before, self._heard = self._heard, dict(state.breakers)
        for name, opened in self._heard.items():
            if before.get(name) != opened and name in self._known:
                self._known[name].opened_elsewhere(opened.at, opened.until)
        for name in before.keys() - self._heard.keys():
            if name in self._known:
                self._known[name].closed_elsewhere()
        self._count()

    def _said(self, event: Event) -> None:
        LOG.warning("breaker", breaker=event.key, change=type(event).__name__)
        # Of one breaker only the last word counts.
        self._unsaid[event.key] = (event, self._now())
        self._something.set()
        self._count()

    def _count(self) -> None:
        open_now = [b.name.partition(":")[0] for b in self._known.values() if b.shown().state != "closed"]
        for name in BREAKERS:
            BREAKER_OPEN.labels(name).set(open_now.count(name))

    async def _say_all(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._unsaid:
                name, (event, at) = next(iter(self._unsaid.items()))
                if await self._sent(event, at) and self._unsaid.get(name) == (event, at):
                    del self._unsaid[name]

    async def _sent(self, event: Event, at: datetime) -> bool:
        event_id = self._new_id()
        meta = Metadata(event_id, HOUSE, event_id, event_id, whole_millis(at), SOURCE)
        try:
            await self._publisher.send(await self._codec.encode(event, meta))
        except MunimentError as error:
            LOG.info("breaker_unsaid", breaker=event.key, code=error.code.value)
            await asyncio.sleep(AGAIN_S)
            return False
        return True
