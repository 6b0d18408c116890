"""One try: a step over one record, its results encoded, sent and confirmed, its faults turned into codes."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol, TypeVar

import structlog

from muniment.producers.publisher import Publisher
from muniment.schemas.codec import Envelope
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError, Refused, StepFailure
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.stream_apps.hosting.aftermath import refusal
from muniment.stream_apps.hosting.concerns import concerns
from muniment.stream_apps.hosting.failures import failure_of, passes_through
from muniment.stream_apps.hosting.outgoing import Outgoing
from muniment.stream_apps.retrying.confirmed import Sleep
from muniment.stream_apps.step import Step

T = TypeVar("T")
KEYS_S = 30.0
"""The longest that keys are looked for before the database counts as away."""
log = structlog.get_logger(__name__)


class Codec(Protocol):
    """What the wrapper needs of `producers.log_codec.LogCodec`."""

    async def encode(self, event: Event, meta: Metadata) -> Record:
        """The record of an event."""
        ...

    async def decode(self, record: Record) -> Envelope:
        """The event in a record."""
        ...


class Attempts:
    """Tries records; keeps no state between two tries."""

    def __init__(self, codec: Codec, publisher: Publisher, now: Callable[[], datetime], sleep: Sleep) -> None:
        self._codec = codec
        self._publisher = publisher
        self._now = now
        self._sleep = sleep

    async def once(self, step: Step, record: Record) -> str | MunimentError:
        """Try once: `done` or `refused` with everything confirmed, or what it failed with.

        Raises nothing but a cancellation (or the end of the process).
        """
        try:
            return await self._try(step, record)
        except BaseException as error:
            if passes_through(error):
                raise
            return failure_of(error, step.late)

    async def decoded(self, step: Step, record: Record) -> Envelope:
        """The event in a record; raises `StepFailure(database_unavailable)` when its keys are not found in time."""
        return await _keyed(step, self._codec.decode(record))

    async def _try(self, step: Step, record: Record) -> str:
        concerns(step, record)  # raises for what cannot be told, or not be read
        envelope = await self.decoded(step, record)
        out = Outgoing(self._publisher, self._sleep)
        try:
            await self._run(step, envelope, out)
        except Refused as error:
            if not await self._refuse(step, envelope, error, out):
                raise
            return "refused"
        finally:
            await out.abandon()
        return "done"

    async def _run(self, step: Step, envelope: Envelope, out: Outgoing) -> None:
        seen: Counter[str] = Counter()
        left_s = step.timeout_s
        items = step.run(envelope)
        try:
            while True:
                began = time.monotonic()
                # Waiting for the broker is not the step's time: only what it takes to its next result counts.
                item = await _within(left_s, anext(items, None))
                left_s -= time.monotonic() - began
                if item is None:
                    break
                await out.put(await self._encoded(step, envelope, item, seen))
        finally:
            # Also when its job was cancelled: a step gives up its children and its files as it is closed.
            close = getattr(items, "aclose", None)
            if close is not None:
                with contextlib.suppress(Exception):
                    await _within(step.timeout_s, close())
        await out.confirmed()
        await _within(step.timeout_s, step.settled(envelope))

    async def _encoded(self, step: Step, envelope: Envelope, item: Event | Record, seen: Counter[str]) -> Record:
        if isinstance(item, Record):
            return item
        name = item.declaration.name
        meta = envelope.meta.caused(step=step.name, event_type=name, index=seen[name], now=self._now())
        seen[name] += 1
        record = await _keyed(step, self._codec.encode(item, meta))
        extra = step.headers(item)
        return record.with_headers(extra) if extra else record

    async def _refuse(self, step: Step, envelope: Envelope, error: Refused, out: Outgoing) -> bool:
        made = refusal(step, envelope, error, self._now())
        if made is None:
            return False
        # What was yielded before the refusal keeps its place before it.
        await out.put(await self._codec.encode(*made))
        await out.confirmed()
        log.info("document_refused", code=error.code.value)
        return True


async def _within(seconds: float, work: Awaitable[T]) -> T:
    async with asyncio.timeout(seconds):
        return await work


async def _keyed(step: Step, work: Awaitable[T]) -> T:
    """Encoding and decoding wait for nothing but the keys: what takes long there is the database."""
    try:
        return await _within(min(step.timeout_s, KEYS_S), work)
    except TimeoutError:
        raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "the keys of a record were not found in time") from None
