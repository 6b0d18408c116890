"""The wrapper, without a broker: what leaves it, in which order, and what never does."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs
from support.key_ring import MemoryKeyRing
from support.publisher import MemoryPublisher
from support.toy_step import Do, ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.schemas import example, metrics
from muniment.schemas.codec import Envelope
from muniment.schemas.commands import DeleteDocument
from muniment.schemas.documents import DocumentIndexed
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure
from muniment.schemas.event import Event
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState, retry_state
from muniment.schemas.topics import DLQ, REDELIVERY
from muniment.stream_apps.hosting.concerns import concerns, passes_by, topics_of
from muniment.stream_apps.hosting.failures import failure_of
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.hosting.waits import Waits

NOW = datetime(2026, 5, 1, tzinfo=UTC)


@pytest.fixture
def log() -> MemoryPublisher:
    return MemoryPublisher()


@pytest.fixture
def step() -> ToyStep:
    return ToyStep("acme", timeout_s=0.05)


def settler(log: MemoryPublisher, slept: list[float] | None = None) -> Settler:
    async def sleep(seconds: float) -> None:
        if slept is not None:
            slept.append(seconds)
        log.away = False
        await asyncio.sleep(0)

    return Settler(LogCodec(MemoryKeyRing()), log, now=lambda: NOW, sleep=sleep)


def placed(do: Do = Do.WORK) -> Record:
    return replace(job("acme", do=do), partition=3, offset=14)


async def test_results_are_confirmed_before_settled_is_called(log: MemoryPublisher, step: ToyStep) -> None:
    """All results are on the log when the step hears that it is settled, those of a topic in order."""
    record = placed()
    assert await settler(log).settle(step, record) == "done"
    assert [r.header("ce_type") for r in log.sent if r.topic == "muniment.jobs"] == ["muniment.StepProgressed.v1"] * 2
    assert len(log.sent) == 3
    assert len(step.settled_inputs) == 1


async def test_a_settled_record_leaves_one_line_by_which_its_job_is_found(log: MemoryPublisher, step: ToyStep) -> None:
    """Trace, correlation, job and document ids stand on it, and what came of it."""
    record = placed()
    with capture_logs(processors=[merge_contextvars]) as lines:
        await settler(log).settle(step, record)
    line = next(line for line in lines if line["event"] == "step_settled")
    assert line["job_id"] == line["correlation_id"] == record.header("correlation_id")
    assert line["document_id"] == record.header("ce_subject")
    assert line["trace_id"] in (record.header("traceparent") or "")
    assert (line["step"], line["outcome"], line["position"]) == (step.name, "done", f"{record.topic}:3:14")


async def test_a_repeat_gives_the_same_ids(log: MemoryPublisher, step: ToyStep) -> None:
    """Settling a record twice sends the same event ids twice."""
    record, wrapper = placed(), settler(log)
    await wrapper.settle(step, record)
    await wrapper.settle(step, record)
    sent = [(r.topic, r.header("ce_id")) for r in log.sent]
    assert sorted(sent[:3]) == sorted(sent[3:])


async def test_a_broker_that_is_away_is_waited_for(log: MemoryPublisher, step: ToyStep) -> None:
    """Sends are repeated until they are confirmed, the failure of a step included."""
    slept: list[float] = []
    for do in (Do.WORK, Do.NEVER):
        log.away = True
        await settler(log, slept).settle(step, placed(do))
    assert slept
    assert sum(r.topic == DLQ.name for r in log.sent) == 1


async def test_blocking_repeats_in_place(log: MemoryPublisher, step: ToyStep) -> None:
    """While the database is away nothing is sent; the step runs again until it works."""
    step.blocked = True
    task = asyncio.create_task(settler(log).settle(step, placed(Do.BLOCK)))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not log.sent
    step.blocked = False
    assert await task == "done"


async def test_what_a_record_waits_for_in_place_is_shown_for_as_long_as_it_waits(
    log: MemoryPublisher, step: ToyStep
) -> None:
    """Where it lies, for what, and since when; a metric counts it. Settled or cancelled, it is shown no more."""
    waits = Waits(clock=lambda: 100.0)
    for end in ("done", "cancelled"):
        step.blocked = True
        record = placed(Do.BLOCK)
        wrapper = Settler(LogCodec(MemoryKeyRing()), log, ports=Ports(waits=waits), sleep=lambda _: asyncio.sleep(0))
        task = asyncio.create_task(wrapper.settle(step, record))
        for _ in range(50):
            await asyncio.sleep(0)
        (shown,) = waits.shown()
        assert (shown["step"], shown["position"], shown["records"]) == (step.name, record.place, 1)
        assert shown["code"] == "database_unavailable"
        assert waiting_now(step.name) == 1
        if end == "done":
            step.blocked = False
            assert await task == "done"
        else:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert (waits.shown(), waiting_now(step.name)) == ([], 0)


async def test_a_foreign_record_that_names_a_key_that_never_was_says_how_to_end_the_wait(log: MemoryPublisher) -> None:
    """The key, the record and the command are where an operator looks, and the step goes on when it is given up."""

    class Sealed(ToyStep):
        reads = (DeleteDocument,)

        async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
            for nothing in ():
                yield nothing

    theirs, ours, waits = MemoryKeyRing(), MemoryKeyRing(), Waits()
    key = await theirs.create("acme", UUID(int=5))
    foreign = DeleteDocument(document_id=UUID(int=5), reason="because")
    meta = replace(example.metadata("x"), tenant="acme")
    record = replace(await LogCodec(theirs).encode(foreign, meta), partition=3, offset=14)
    wrapper = Settler(LogCodec(ours), log, ports=Ports(waits=waits), sleep=lambda _: asyncio.sleep(0))
    task = asyncio.create_task(wrapper.settle(Sealed("acme"), record))
    for _ in range(50):
        await asyncio.sleep(0)
    (shown,) = waits.shown()
    assert shown["code"] == "key_ring_unusable"
    assert f"{key.key_id}, which {record.place} names" in str(shown["detail"])
    assert f"muniment keys give-up --key {key.key_id}" in str(shown["detail"])
    assert await ours.create("acme", UUID(int=5)) == key
    await ours.destroy("acme", UUID(int=5))
    assert await task == "done"
    assert waits.shown() == []


def waiting_now(step: str) -> float:
    """What the metric says."""
    return metrics.STEP_WAITING.labels(step, "database_unavailable")._value.get()  # type: ignore[no-any-return]


async def test_a_cancellation_passes_through(log: MemoryPublisher) -> None:
    """A cancelled record is not settled: nothing is sent for it, not even a failure."""
    step = ToyStep("acme", timeout_s=60)
    task = asyncio.create_task(settler(log).settle(step, placed(Do.HANG)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not log.sent
    assert not step.settled_inputs


@pytest.mark.parametrize(
    ("do", "outcome", "code"),
    [
        (Do.RAISE, "retry", "unexpected"),
        (Do.PANIC, "retry", "unexpected"),
        (Do.STRAY_CANCEL, "retry", "unexpected"),
        (Do.FAIL_LATE, "retry", "unexpected"),
        (Do.HANG, "retry", "step_timeout"),
        (Do.OUTAGE, "wait", "provider_unavailable"),
        (Do.NEVER, "dead", "provider_rejected"),
        (Do.OVERSIZE, "dead", "record_too_large"),
    ],
)
async def test_every_failure_has_its_way(log: MemoryPublisher, step: ToyStep, do: Do, outcome: str, code: str) -> None:
    """No exception leaves the wrapper; the record goes where the policy says, its value untouched."""
    record = placed(do)
    assert await settler(log).settle(step, record) == outcome
    left = [r for r in log.sent if r.value == record.value]
    assert len(left) == 1
    state = retry_state(left[0])
    assert state is not None
    assert state.code == code
    assert "secret" not in state.error


async def test_a_step_says_what_its_silence_means(log: MemoryPublisher, step: ToyStep) -> None:
    """A provider that hangs is waited for without using up attempts, as one that says that it is away."""
    step.late = ErrorCode.PROVIDER_TIMEOUT
    assert await settler(log).settle(step, placed(Do.HANG)) == "wait"
    state = retry_state(log.sent[-1])
    assert state is not None
    assert (state.code, state.attempt, state.waits) == ("provider_timeout", 0, 1)


async def test_a_database_that_hangs_is_waited_for_in_place(log: MemoryPublisher, step: ToyStep) -> None:
    """It neither refuses nor breaks off, and costs no record an attempt: not a step's own, not one that needs keys."""
    step.late = ErrorCode.DATABASE_UNAVAILABLE
    slept: list[float] = []
    task = asyncio.create_task(settler(log, slept).settle(step, placed(Do.HANG)))
    while len(slept) < 2:  # noqa: ASYNC110 - nobody sets an event
        await asyncio.sleep(0.01)
    assert not task.done()
    assert not log.sent
    task.cancel()

    class Hanging(LogCodec):
        hangs = True

        async def decode(self, record: Record) -> Envelope:
            if self.hangs:
                self.hangs = False
                await asyncio.sleep(3600)
            return await super().decode(record)

    wrapper = Settler(Hanging(MemoryKeyRing()), log, now=lambda: NOW, sleep=lambda _: asyncio.sleep(0))
    assert await wrapper.settle(ToyStep("acme", timeout_s=0.05), placed()) == "done"


async def test_a_past_counts_on_the_redelivery_topic_only(log: MemoryPublisher, step: ToyStep) -> None:
    """Attempts go on counting on a redelivered record; the same headers on another topic mean nothing."""
    record = placed(Do.RAISE)
    wrapper = settler(log)
    await wrapper.settle(step, record)
    again = replace(log.sent[-1], topic=REDELIVERY["indexing"].name)
    await wrapper.settle(step, again)
    forged = replace(log.sent[-1], topic=record.topic)
    await wrapper.settle(step, forged)
    states = [retry_state(r) for r in log.sent if "retry" in r.topic]
    assert [s.attempt for s in states if s] == [1, 2, 1]
    assert states[1] is not None
    assert (states[1].origin.topic, states[1].origin.offset) == (record.topic, 14)


async def test_a_command_cannot_be_refused_as_a_version(log: MemoryPublisher, step: ToyStep) -> None:
    """A refusal keeps its place: nothing but the refusal, with the input's version."""
    record = placed(Do.REFUSE)
    assert await settler(log).settle(step, record) == "refused"
    assert [r.header("ce_type") for r in log.sent] == ["muniment.DocumentRefused.v1"]


def test_what_concerns_a_step(step: ToyStep) -> None:
    """Types it does not read pass without being decoded; what claims to be its own and cannot be read does not."""
    own = placed()
    foreign = replace(own, value=b"\x00\x00\x00\xff\xff", headers=(("ce_type", b"muniment.SomethingNew.v3"),))
    broken = replace(own, value=b"junk", headers=(("ce_type", b"muniment.DocumentChunked.v9"),))
    assert concerns(step, own)
    assert not concerns(step, foreign)
    assert passes_by(step, foreign)
    for record in (broken, replace(own, value=b"", headers=())):
        with pytest.raises(StepFailure):
            concerns(step, record)
        assert not passes_by(step, record)
    assert topics_of(step) == ("muniment.documents", "muniment.redelivery.indexing")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError(), ErrorCode.STEP_TIMEOUT),
        (ConnectionRefusedError(), ErrorCode.DATABASE_UNAVAILABLE),
        (asyncpg.ConnectionDoesNotExistError(), ErrorCode.DATABASE_UNAVAILABLE),
        (asyncpg.CannotConnectNowError(), ErrorCode.DATABASE_UNAVAILABLE),
        (asyncpg.InterfaceError("pool is closing"), ErrorCode.DATABASE_UNAVAILABLE),
        (asyncpg.InterfaceError("the server expects 2 arguments"), ErrorCode.UNEXPECTED),
        (FileNotFoundError("secret.pdf"), ErrorCode.UNEXPECTED),
        (ValueError("secret"), ErrorCode.UNEXPECTED),
        (Refused(ErrorCode.NO_TEXT, "none"), ErrorCode.NO_TEXT),
    ],
)
def test_foreign_exceptions_become_codes(error: BaseException, code: ErrorCode) -> None:
    """Each exception has its code, and no foreign text comes along."""
    failure = failure_of(error)
    assert failure.code is code
    assert "secret" not in failure.detail


def test_retry_state_keeps_fingerprint_and_trace(step: ToyStep) -> None:
    """The headers give back what was put into them."""
    record = placed()
    state = RetryState(
        "indexing",
        2,
        1,
        5,
        9,
        Position(record.topic, 3, 14),
        ErrorCode.UNEXPECTED,
        "e",
        fingerprint="f",
        trace=uuid4().hex,
    )
    assert retry_state(record.with_headers(state.to_headers())) == state


class Marking(ToyStep):
    """Marks one kind of its results."""

    def headers(self, item: Event) -> dict[str, str]:
        return {"marked": "yes"} if isinstance(item, DocumentIndexed) else {}


async def test_a_step_can_mark_its_results(log: MemoryPublisher) -> None:
    """With headers beside those of the envelope, on the results that it says."""
    step = Marking("acme", timeout_s=5.0)
    await settler(log).settle(step, placed())
    marks = {(record.header("ce_type") or "").split(".")[1]: record.header("marked") for record in log.sent}
    assert marks == {"StepProgressed": None, "DocumentIndexed": "yes"}
