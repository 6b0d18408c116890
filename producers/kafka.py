"""The publisher on Kafka: one idempotent aiokafka producer, every send confirmed by all in-sync replicas."""

import asyncio
import contextlib
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, ProducerClosed, RecordTooLargeError

from muniment.producers.record_size import too_large
from muniment.producers.unconfirmed import unconfirmed
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Record
from muniment.schemas.topics import MAX_CARRIED_BYTES

_TOO_LARGE = (MessageSizeTooLargeError, RecordTooLargeError)
_AWAY = (KafkaError, TimeoutError, OSError)
START_S = 3.0
"""How long the start of a process waits for a broker that is away, seconds."""
_LAST_S = 2.0
"""How long the requests of a producer that gave up flushing may take to end, seconds."""


class KafkaPublisher:
    """Sends records with `acks=all` and the idempotent producer (KIP-98), so that its own retries double nothing.

    Use as an async context manager. `confirm_s` bounds a send, from connecting to the broker's word.
    """

    def __init__(
        self, bootstrap: str, *, client_id: str = "muniment", confirm_s: float = 15.0, linger_ms: int = 0
    ) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._confirm_s = confirm_s
        self._linger_ms = linger_ms
        self._producer: Any = None
        self._closed = False
        self._starting = asyncio.Lock()
        self._stopping: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Connect; a broker that is away now is tried again at the first send."""
        # Starting while the broker is away is not fatal: a send will say so, and connect when it can.
        with contextlib.suppress(*_AWAY):
            async with asyncio.timeout(min(self._confirm_s, START_S)):
                await self._started()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Flush what is in flight, then close; within `confirm_s` and a moment, also when the broker is away."""
        self._closed = True
        if self._producer is not None:
            self._discard(self._producer)
        await asyncio.gather(*self._stopping)

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`."""
        if too_large(record):
            # An oversize record must never reach the producer: checked here, before anything is buffered.
            raise StepFailure(ErrorCode.RECORD_TOO_LARGE, f"{len(record.value)} bytes for {record.topic}")
        producer = None
        try:
            async with asyncio.timeout(self._confirm_s):
                producer = await self._started()
                done = await producer.send_and_wait(
                    record.topic, record.value, key=record.key, headers=list(record.headers)
                )
        except _TOO_LARGE as error:
            raise StepFailure(ErrorCode.RECORD_TOO_LARGE, type(error).__name__) from error
        except _AWAY as error:
            if _broken(error):
                self._discard(producer)
            raise unconfirmed(f"the broker did not confirm a record for {record.topic}", error) from error
        return Record(
            record.topic, record.key, record.value, record.headers, done.partition, done.offset, done.timestamp
        )

    async def brokers(self) -> int:
        """How many brokers answer; raises what aiokafka raises when none does."""
        cluster = await (await self._started()).client.fetch_all_metadata()
        return len(cluster.brokers())

    async def _started(self) -> Any:
        async with self._starting:
            if self._closed:
                raise ProducerClosed
            if self._producer is None:
                self._producer = await self._connect()
            return self._producer

    async def _connect(self) -> Any:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=self._linger_ms,
            max_request_size=MAX_CARRIED_BYTES,
            request_timeout_ms=10_000,
        )
        try:
            await producer.start()
        except BaseException:
            # Whatever ends the wait, a cancellation too: a producer that did not start still holds sockets.
            await producer.stop()
            raise
        return producer

    def _discard(self, producer: Any) -> None:
        """Let go of a producer; it flushes what others have under way while the next send connects a new one."""
        if producer is None or producer is not self._producer:
            return
        self._producer = None
        stopping = asyncio.create_task(_stop(producer, self._confirm_s))
        self._stopping.add(stopping)
        stopping.add_done_callback(self._stopping.discard)


def _broken(error: Exception) -> bool:
    """Whether the producer itself is of no more use.

    Its sender task has died, or its sequence numbers have a gap (a batch that expired while its partition had no
    leader took one along), after which the broker refuses everything that follows.
    """
    return isinstance(error, KafkaError) and not (error.retriable or isinstance(error, KafkaTimeoutError))


async def _stop(producer: Any, limit_s: float) -> None:
    stopping = asyncio.create_task(producer.stop())
    done, _ = await asyncio.wait({stopping}, timeout=limit_s)
    if not done:
        # An idempotent aiokafka producer flushes for as long as the broker is away: its sender has to be told.
        sender = producer._sender.sender_task  # noqa: SLF001 - `stop` offers no limit
        if sender is not None:
            sender.cancel()
        done, _ = await asyncio.wait({stopping}, timeout=_LAST_S)
    if not done:
        stopping.cancel()
        await producer.client.close()
    with contextlib.suppress(asyncio.CancelledError, *_AWAY):
        await stopping
