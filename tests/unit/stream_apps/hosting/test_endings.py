"""What the rest of the world hears of a record's end: dead letters, redrives, cancelled jobs."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from support.key_ring import MemoryKeyRing
from support.parking import Cancellations, Endings, MemoryParking
from support.publisher import MemoryPublisher
from support.toy_step import Do, ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import Envelope, decode
from muniment.schemas.documents import DocumentDeadLettered
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import as_new, origin_of, retry_state
from muniment.schemas.topics import DLQ, REDELIVERY, RETRY_TIERS
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler

NOW = datetime(2026, 5, 1, tzinfo=UTC)
BACK = REDELIVERY["indexing"].name


@pytest.fixture
def log() -> MemoryPublisher:
    return MemoryPublisher()


@pytest.fixture
def step() -> ToyStep:
    return ToyStep("acme", timeout_s=5.0)


def settler(log: MemoryPublisher, **ports: object) -> Settler:
    return Settler(
        LogCodec(MemoryKeyRing()), log, ports=Ports(**ports), now=lambda: NOW, sleep=lambda _: asyncio.sleep(0)
    )


def placed(do: Do = Do.WORK, **what: object) -> Record:
    return replace(job("acme", do=do, **what), partition=3, offset=14)


def redriven(record: Record, letter: Record, times: int = 1) -> Record:
    """A dead letter as a redrive sends it back."""
    headers = {"redrive_id": str(uuid4()), "redrive_letter": "muniment.dlq:3:0", "redrive_times": str(times)}
    return replace(as_new(letter).with_headers(headers), topic=BACK, partition=3, offset=1)


def job_of(record: Record) -> UUID:
    return UUID(record.header("correlation_id"))


def told(log: MemoryPublisher) -> list[tuple[Record, DocumentDeadLettered]]:
    found = [(r, decode(r, lambda _: None).event) for r in log.sent if (r.header("ce_type") or "").endswith("tered.v1")]
    return [(r, e) for r, e in found if isinstance(e, DocumentDeadLettered)]


async def test_consumers_learn_of_a_dead_letter(log: MemoryPublisher, step: ToyStep) -> None:
    """The public topic says which version and job died, why, and where the letter lies; after the letter is there."""
    record = placed(Do.NEVER, version=7)
    await settler(log).settle(step, record)
    assert [r.topic for r in log.sent] == [DLQ.name, "muniment.documents"]
    (sent, event) = told(log)[0]
    letter = log.sent[0]
    state = retry_state(letter)
    assert state is not None
    assert event.letter == str(Position(letter.topic, letter.partition or 0, letter.offset or 0))
    assert (event.version, event.job_id, event.step) == (7, job_of(record), "indexing")
    assert (event.code, event.category) == ("provider_rejected", "permanent")
    assert (event.fingerprint, event.attempts) == (state.fingerprint, state.attempt)
    assert sent.header("causation_id") == record.header("ce_id")


async def test_of_a_step_that_no_job_waits_for_consumers_learn_nothing(log: MemoryPublisher, step: ToyStep) -> None:
    """Its dead letter is there for operators; the job, which may have succeeded long ago, has not failed."""
    step.name = "reembedding"
    assert await settler(log).settle(step, placed(Do.NEVER, version=7)) == "dead"
    assert await settler(log).settle(step, replace(placed(), value=b"junk")) == "dead"
    assert [r.topic for r in log.sent] == [DLQ.name] * 2


async def test_a_repeat_tells_the_same_and_a_redrive_another(log: MemoryPublisher, step: ToyStep) -> None:
    """The same death has the same event id however often it is told; the next one, after a redrive, another."""
    record, wrapper = placed(Do.NEVER), settler(log)
    await wrapper.settle(step, record)
    await wrapper.settle(step, record)
    await wrapper.settle(step, redriven(record, log.sent[0]))
    ids = [sent.header("ce_id") for sent, _ in told(log)]
    assert ids[0] == ids[1] != ids[2]


async def test_what_cannot_be_read_is_told_by_its_headers(log: MemoryPublisher, step: ToyStep) -> None:
    """An undecodable record that says whose it is has its job told; one that says nothing is just buried."""
    readable = placed()
    await settler(log).settle(step, replace(readable, value=b"junk"))
    assert [(e.version, e.job_id, e.code) for _, e in told(log)] == [(0, job_of(readable), "undecodable")]
    await settler(log).settle(step, replace(readable, value=b"junk", key=b"nobody"))
    await settler(log).settle(step, replace(readable, value=b"junk", headers=()))
    assert sum(r.topic == DLQ.name for r in log.sent) == 3
    assert len(told(log)) == 1


async def test_a_redriven_record_keeps_its_past(log: MemoryPublisher, step: ToyStep) -> None:
    """It has all its attempts anew; its redrive and its first origin stay on it through tiers and death."""
    heard = Endings()
    record, wrapper = placed(Do.RAISE), settler(log, redriven=heard)
    dead = await walk(wrapper, step, record, log)
    again = redriven(record, dead)
    dead_again = await walk(wrapper, step, again, log)
    state = retry_state(dead_again)
    assert state is not None
    assert (state.attempt, str(state.origin)) == (5, f"{record.topic}:3:14")
    assert [dead_again.header(n) for n in ("redrive_id", "redrive_times")] == [again.header("redrive_id"), "1"]
    assert [(outcome, r.topic) for r, outcome in heard.heard] == [("dead", DLQ.name)]
    assert retry_state(heard.heard[0][0]) == state


async def walk(wrapper: Settler, step: ToyStep, record: Record, log: MemoryPublisher) -> Record:
    """Settle a record and what comes back of it until it is dead; the letter."""
    while True:
        mark = len(log.sent)
        await wrapper.settle(step, record)
        left = next(r for r in log.sent[mark:] if r.value == record.value)
        if left.topic == DLQ.name:
            return left
        record = replace(left, topic=BACK)


@pytest.mark.parametrize(("do", "outcome"), [(Do.WORK, "done"), (Do.REFUSE, "refused")])
async def test_whoever_redrives_hears_of_good_ends(log: MemoryPublisher, step: ToyStep, do: Do, outcome: str) -> None:
    """A redriven record that ends well, or for good, is named before it is acknowledged; nobody else's record is."""
    heard = Endings()
    record, wrapper = placed(do), settler(log, redriven=heard)
    await wrapper.settle(step, record)
    forged = record.with_headers({"redrive_id": "x"})
    await wrapper.settle(step, replace(forged, partition=3, offset=15))
    assert not heard.heard
    again = redriven(record, record)
    await wrapper.settle(step, again)
    assert heard.heard == [(again, outcome)]


async def test_a_listener_without_its_database_is_waited_for(log: MemoryPublisher, step: ToyStep) -> None:
    """The record is not settled before its end is heard."""

    class Away(Endings):
        tries = 0

        async def ended(self, record: Record, outcome: str) -> None:
            self.tries += 1
            if self.tries < 3:
                raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "away")
            await super().ended(record, outcome)

    heard = Away()
    assert await settler(log, redriven=heard).settle(step, redriven(placed(), placed())) == "done"
    assert (heard.tries, len(heard.heard)) == (3, 1)


async def test_records_of_a_cancelled_job_are_dropped(log: MemoryPublisher, step: ToyStep) -> None:
    """Fresh or come back, they leave nothing behind; those of other jobs are worked on."""
    cancelled = Cancellations()
    record = placed()
    cancelled.cancel(job_of(record))
    wrapper = settler(log, cancelled=cancelled)
    assert await wrapper.settle(step, record) == "cancelled"
    assert await wrapper.settle(step, replace(record, topic=BACK)) == "cancelled"
    assert not log.sent
    assert not step.runs
    assert await wrapper.settle(step, placed()) == "done"


async def test_who_tidies_up_works_for_cancelled_jobs(log: MemoryPublisher, step: ToyStep) -> None:
    """A step that says so gets the records of cancelled jobs."""
    step.works_for_cancelled = True
    cancelled = Cancellations()
    record = placed()
    cancelled.cancel(job_of(record))
    assert await settler(log, cancelled=cancelled).settle(step, record) == "done"


class Closing(ToyStep):
    """Yields one result, then works without end; notes that it was closed."""

    closed = False

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        try:
            async for item in super().run(envelope):
                yield item
                await asyncio.sleep(3600)
        finally:
            self.closed = True


async def test_a_running_step_is_cancelled_with_its_job(log: MemoryPublisher) -> None:
    """It is closed where it stands, nothing more is published, and the record is settled."""
    step, cancelled, record = Closing("acme", timeout_s=60), Cancellations(), placed()
    task = asyncio.create_task(settler(log, cancelled=cancelled).settle(step, record))
    while not log.sent:  # noqa: ASYNC110 - the log is what is waited for
        await asyncio.sleep(0)
    cancelled.cancel(job_of(record))
    assert await task == "cancelled"
    assert step.closed
    assert len(log.sent) == 1


async def test_a_record_that_is_held_up_is_cancelled_too(log: MemoryPublisher, step: ToyStep) -> None:
    """Also while it waits in place for our own database."""
    step.blocked, cancelled, record = True, Cancellations(), placed(Do.BLOCK)
    task = asyncio.create_task(settler(log, cancelled=cancelled).settle(step, record))
    await asyncio.sleep(0.01)
    assert not task.done()
    cancelled.cancel(job_of(record))
    assert await task == "cancelled"


async def test_a_cancelled_head_lets_the_next_go(log: MemoryPublisher, step: ToyStep) -> None:
    """What waits behind a record whose job is cancelled comes to its turn when that record is dropped."""
    cancelled, parking, document = Cancellations(), MemoryParking(), uuid4()
    wrapper = settler(log, cancelled=cancelled, parking=parking)
    first = placed(Do.RAISE, document_id=document)
    other = replace(placed(document_id=document, version=2), offset=15)
    other = other.with_headers({"correlation_id": str(uuid4())})
    other = replace(other, partition=3, offset=15)
    assert [await wrapper.settle(step, r) for r in (first, other)] == ["retry", "parked"]
    cancelled.cancel(job_of(first))
    back = replace(next(r for r in log.sent if r.topic == RETRY_TIERS[0].name), topic=BACK)
    assert await wrapper.settle(step, back) == "cancelled"
    released = next(r for r in log.sent if r.topic == BACK)
    assert origin_of(released) == Position(other.topic, 3, 15)
    assert await wrapper.settle(step, released) == "done"
    assert not parking.heads


async def test_a_step_whose_records_stand_alone_parks_none(log: MemoryPublisher, step: ToyStep) -> None:
    """A later record goes on while an earlier one of its document waits."""
    step.orders, document = False, uuid4()
    wrapper = settler(log, parking=MemoryParking())
    assert await wrapper.settle(step, placed(Do.RAISE, document_id=document)) == "retry"
    later = replace(job("acme", document_id=document, version=2), partition=3, offset=15)
    assert await wrapper.settle(step, later) == "done"


async def test_a_detail_that_gives_something_away_is_scrubbed(log: MemoryPublisher, step: ToyStep) -> None:
    """Whatever a step says of its failure: no address and no key leaves in the headers, and the text is cut."""

    class Telling(ToyStep):
        async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
            raise StepFailure(
                ErrorCode.UNEXPECTED,
                "jane.roe@example.org with sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH " + "x" * 600,
            )
            yield

    await settler(log).settle(Telling("acme"), placed())
    state = retry_state(log.sent[-1])
    assert state is not None
    assert state.error.startswith("[email] with [api_key]")
    assert len(state.error) == 500
