"""Dead letters on a real broker, under topics with a prefix of their own, and what redrives them."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid4

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from support.key_ring import MemoryKeyRing
from support.letters import MemoryLetters
from support.log_reading import read_topics
from support.operations import MemoryOperations
from support.steps import TENANT
from support.toy_step import job

from muniment.producers.kafka import KafkaPublisher
from muniment.producers.log_codec import LogCodec
from muniment.producers.operations.state import OperationsState, fold
from muniment.producers.record_at import KafkaRecords
from muniment.schemas.codec import Envelope, decode
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.operation_commands import RedriveDeadLetters
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import REDRIVE_LETTER, RetryState
from muniment.schemas.topics import COMMANDS_OPERATIONS, DLQ, OPERATIONS, REDELIVERY
from muniment.stream_apps.operating.state import Letter
from muniment.stream_apps.operating.step import Operating
from muniment.stream_apps.operating.store import OperatingStore
from muniment.stream_apps.redriving.endings import RedriveEndings
from muniment.stream_apps.redriving.redriver import Redriver
from muniment.stream_apps.redriving.resting import RestingModels
from muniment.stream_apps.redriving.sender import Sender
from muniment.stream_apps.redriving.store import RedrivingStore

STEP = "indexing"


def utc_now() -> datetime:
    """The clock."""
    return datetime.now(UTC)


class Prefixed:
    """A publisher that puts a prefix before every topic."""

    def __init__(self, inner: KafkaPublisher, prefix: str) -> None:
        self._inner = inner
        self._prefix = prefix

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`."""
        sent = await self._inner.send(record.to(self._prefix + record.topic))
        return replace(sent, topic=record.topic)


def dead(number: int, *, fingerprint: str = "f1", record: Record | None = None) -> Record:
    """The `number`-th record as the wrapper buries it."""
    state = RetryState(
        step=STEP,
        attempt=5,
        waits=0,
        first_failed_ms=1000 + number,
        due_ms=0,
        origin=Position("muniment.documents", 0, number),
        code=ErrorCode.UNEXPECTED,
        error="ValueError",
        fingerprint=fingerprint,
    )
    return (record or job(TENANT)).with_headers(state.to_headers()).to(DLQ.name)


def letter_of(record: Record, fingerprint: str = "f1", times: int = 0) -> Letter:
    """A buried record as the read model has it."""
    place = Position(DLQ.name, record.partition or 0, record.offset or 0)
    at = datetime.fromtimestamp(int(record.header("retry_first_failed_ms") or 0) / 1000, UTC)
    document = UUID(record.key.decode())
    return Letter(str(place), TENANT, STEP, fingerprint, document, document, at, times)


@dataclass
class Yard:
    """Everything that a redrive takes. Use as an async context manager; `prefix` is unique to the test."""

    bootstrap: str
    dsn: str
    prefix: str
    letters: MemoryLetters = field(default_factory=MemoryLetters)
    ring: MemoryKeyRing = field(default_factory=MemoryKeyRing)
    pool: Any = None
    publisher: Any = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        await make_topics(self.bootstrap, self.prefix)
        self.pool = await asyncpg.create_pool(self.dsn, min_size=1, max_size=4)
        self._kafka = await KafkaPublisher(self.bootstrap).__aenter__()
        self.publisher = Prefixed(self._kafka, self.prefix)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
        await self._kafka.__aexit__()
        await self.pool.close()

    async def bury(self, count: int, *, fingerprint: str = "f1") -> list[str]:
        """New dead letters; their places."""
        first = len(self.letters.letters)
        numbers = range(first, first + count)
        sent = await asyncio.gather(*(self.publisher.send(dead(n, fingerprint=fingerprint)) for n in numbers))
        found = [letter_of(one, fingerprint) for one in sent]
        self.letters.letters += found
        return [one.letter for one in found]

    def step(self) -> Operating:
        """The decider of operators' commands."""
        return Operating(
            OperatingStore(self.pool),
            self.letters,
            KafkaRecords(self.bootstrap, prefix=self.prefix),
            MemoryOperations(),
            LogCodec(self.ring),
            now=utc_now,
        )

    async def order(self, command: Event, *, tenant: str = TENANT, command_id: UUID | None = None) -> list[Event]:
        """Decide a command, publish what comes of it, and settle it: the events."""
        envelope = ordered(command, tenant, command_id)
        step = self.step()
        records = [r async for r in step.run(envelope) if isinstance(r, Record)]
        for record in records:
            await self.publisher.send(record)
        await step.settled(envelope)
        return [(await LogCodec(self.ring).decode(record)).event for record in records]

    def redrive_all(self, *, canary_s: float = 3600.0) -> None:
        """Begin to carry out redrives."""
        self.tasks.append(asyncio.create_task(redriver(self, canary_s=canary_s).run()))

    async def stop(self) -> None:
        """Stop carrying out redrives."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()

    async def until(self, query: str, expected: object, *arguments: object, within_s: float = 90) -> None:
        """Wait until a query of one value says so."""
        began = time.monotonic()
        while (found := await self.pool.fetchval(query, *arguments)) != expected:
            assert time.monotonic() - began < within_s, f"{query}: {found!r}, not {expected!r}"
            await asyncio.sleep(0.05)

    async def ended(self, redrive_id: UUID, within_s: float = 100) -> str:
        """Wait until a redrive has ended, and all that is to be said is said; how it ended."""
        query = "select state <> 'running' from muniment_operating.redrives where redrive_id = $1"
        await self.until(query, True, redrive_id, within_s=within_s)
        await self.until("select count(*) from muniment_operating.announcements", 0)
        state = await self.pool.fetchval(
            "select state from muniment_operating.redrives where redrive_id = $1", redrive_id
        )
        return str(state)

    async def out(self, step: str = STEP) -> list[Record]:
        """What lies on the step's redelivery topic."""
        return await asyncio.to_thread(read_topics, self.bootstrap, [self.prefix + REDELIVERY[step].name])

    async def out_of(self) -> Counter[str]:
        """How often each letter lies there."""
        return Counter(record.header(REDRIVE_LETTER) or "" for record in await self.out())

    async def said(self) -> list[Envelope]:
        """What was said on the operations topic, each event once."""
        records = await asyncio.to_thread(read_topics, self.bootstrap, [self.prefix + OPERATIONS.name])
        found = {record.header("ce_id"): decode(record, lambda _: None) for record in records}
        return list(found.values())

    async def folded(self) -> OperationsState:
        """How every process sees it."""
        state = OperationsState()
        for envelope in await self.said():
            state = fold(state, envelope.event, envelope.meta)
        return state

    async def end_all(self, outcome: str, records: list[Record] | None = None) -> None:
        """Tell the port how redelivered records ended."""
        endings = RedriveEndings(self.pool, utc_now)
        for record in records if records is not None else await self.out():
            await endings.ended(record, outcome)

    async def fail_again(self, record: Record, fingerprint: str = "f1") -> Letter:
        """A redelivered record dies once more; the letter that it is now."""
        number = len(self.letters.letters)
        buried = await self.publisher.send(dead(number, fingerprint=fingerprint, record=record))
        await RedriveEndings(self.pool, utc_now).ended(buried, "dead")
        found = letter_of(buried, fingerprint, times=int(record.header("redrive_times") or 0))
        self.letters.letters.append(found)
        return found


def ordered(command: Event, tenant: str = TENANT, command_id: UUID | None = None) -> Envelope:
    """A command as it comes from the log."""
    command_id = command_id or uuid4()
    meta = Metadata(command_id, tenant, command_id, command_id, utc_now(), "muniment.test", actor="key:operator")
    record = Record(COMMANDS_OPERATIONS.name, command.key.encode(), b"", (), 0, 7, 0)
    return Envelope(command, meta, record)


def redrive(*letters: str, **changed: Any) -> RedriveDeadLetters:
    """A quick redrive of these letters, or of all."""
    command = RedriveDeadLetters(
        letters=letters, selection={}, rate=1000.0, canary=0, confirmed=100_000, force=False, reason="it is back"
    )
    return replace(command, **changed)


def redriver(yard: Yard, *, canary_s: float = 3600.0) -> Redriver:
    """What carries redrives out."""
    return Redriver(
        yard.pool,
        lambda: asyncpg.connect(yard.dsn),
        lambda: Sender(yard.bootstrap, transactional_id=yard.prefix, prefix=yard.prefix),
        yard.publisher,
        RedrivingStore(yard.pool, utc_now, canary_s=canary_s),
        resting=RestingModels(yard.pool, utc_now),
    )


async def make_topics(bootstrap: str, prefix: str, *steps: str) -> None:
    """The topics of dead letters and redrives, under a prefix; for other steps than the usual one theirs alone."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    common = [] if steps else [NewTopic(prefix + DLQ.name, 3, 1), NewTopic(prefix + OPERATIONS.name, 1, 1)]
    await admin.create_topics([*common, *(NewTopic(prefix + REDELIVERY[s].name, 3, 1) for s in steps or (STEP,))])
    await admin.close()
