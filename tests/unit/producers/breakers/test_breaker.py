"""One breaker: who is let in, and what opens and closes it."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from muniment.producers.breakers.breaker import LONGEST_TRY, Breaker
from muniment.producers.breakers.policy import BreakerLimits
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.operations import BreakerClosed, BreakerOpened

BEGIN = datetime(2026, 11, 22, 10, tzinfo=UTC)
LIMITS = BreakerLimits(failures=3, busy=12, open_s=10, longest_s=40, jitter=0.5)


def ended_with(code: ErrorCode | None, retry_after_s: float | None) -> None:
    """The end of a call."""
    if code:
        raise StepFailure(code, "it failed", retry_after_s=retry_after_s)


class Subject:
    """A breaker with a clock and all that it said."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.said: list[Event] = []
        self.breaker = Breaker("embedding", now=lambda: self.now, draw=lambda: 0.5, say=self.said.append, limits=LIMITS)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    async def call(self, code: ErrorCode | None = None, retry_after_s: float | None = None) -> str:
        """A call that ends so; `refused` when it was not let in."""
        try:
            async with self.breaker.calling():
                ended_with(code, retry_after_s)
        except StepFailure as error:
            return "refused" if error.code is ErrorCode.BREAKER_OPEN else "failed"
        return "answered"

    async def fail(self, times: int = 1) -> None:
        """Calls that find the service away."""
        for _ in range(times):
            await self.call(ErrorCode.PROVIDER_UNAVAILABLE)

    @property
    def state(self) -> str:
        """Closed, open or half-open."""
        return self.breaker.shown().state


@pytest.fixture
def subject() -> Subject:
    """A closed one."""
    return Subject()


async def test_so_many_failures_in_a_row_open_it(subject: Subject) -> None:
    """The call is refused without being made, and told when to come again; the others are told of it."""
    await subject.fail(2)
    assert await subject.call() == "answered"
    await subject.fail(3)
    assert subject.state == "open"
    subject.wait(4)
    with pytest.raises(StepFailure) as error:
        async with subject.breaker.calling():
            pytest.fail("it was called")
    assert (error.value.code, error.value.retry_after_s) == (ErrorCode.BREAKER_OPEN, 6)
    opened = BreakerOpened(breaker="embedding", failures=3, retry_after_s=10, code="provider_unavailable")
    assert subject.said == [opened]


async def test_a_429_neither_opens_nor_clears(subject: Subject) -> None:
    """A busy service is no broken one, and no sound one either."""
    await subject.fail(2)
    for _ in range(9):
        await subject.call(ErrorCode.PROVIDER_RATE_LIMITED)
    assert subject.state == "closed"
    await subject.fail()
    assert subject.state == "open"


async def test_nothing_but_429_opens_it_in_the_end_for_as_long_as_was_asked(subject: Subject) -> None:
    """A run of four times as many as of failures; one answer ends it. A try that is told the same opens it again."""
    for _ in range(11):
        await subject.call(ErrorCode.PROVIDER_RATE_LIMITED, retry_after_s=25)
    assert await subject.call() == "answered"
    for _ in range(12):
        assert subject.state == "closed"
        await subject.call(ErrorCode.PROVIDER_RATE_LIMITED, retry_after_s=25)
    assert await subject.call() == "refused"
    assert subject.breaker.shown().until == BEGIN + timedelta(seconds=25)
    assert subject.said == [
        BreakerOpened(breaker="embedding", failures=12, retry_after_s=25, code="provider_rate_limited")
    ]
    subject.wait(25)
    assert await subject.call(ErrorCode.PROVIDER_RATE_LIMITED, retry_after_s=30) == "failed"
    assert await subject.call() == "refused"
    subject.wait(40)
    assert await subject.call() == "answered"
    assert subject.state == "closed"
    assert await subject.call(ErrorCode.PROVIDER_RATE_LIMITED) == "failed"
    assert subject.state == "closed"


async def test_a_pause_that_the_service_asked_for_is_kept(subject: Subject) -> None:
    """A 503 with Retry-After: that long, and no longer than the longest."""
    await subject.fail(2)
    await subject.call(ErrorCode.PROVIDER_UNAVAILABLE, retry_after_s=25)
    assert subject.breaker.shown().until == BEGIN + timedelta(seconds=25)


async def test_after_the_pause_one_tries(subject: Subject) -> None:
    """The first is let in, a second beside it is not; an answer closes it for all, and that is said."""
    await subject.fail(3)
    subject.wait(10)
    async with subject.breaker.calling():
        assert subject.state == "half-open"
        assert await subject.call() == "refused"
    assert subject.state == "closed"
    assert subject.said[-1] == BreakerClosed(breaker="embedding", by="probe", reason="a call was answered")
    await subject.fail(2)
    assert subject.state == "closed", "it begins with a clean sheet"


async def test_a_try_that_fails_doubles_the_pause(subject: Subject) -> None:
    """10, 20, 40 and then no longer."""
    await subject.fail(3)
    for pause in (10, 20, 40, 40):
        subject.wait(pause - 0.1)
        assert await subject.call() == "refused"
        subject.wait(0.1)
        await subject.fail()
    assert [event.retry_after_s for event in subject.said if isinstance(event, BreakerOpened)] == [10, 20, 40, 40, 40]


async def test_a_try_that_was_given_up_lets_the_next_one_try(subject: Subject) -> None:
    """A cancellation says nothing of the service."""
    await subject.fail(3)
    subject.wait(10)

    async def stalls() -> None:
        async with subject.breaker.calling():
            await asyncio.sleep(3600)

    trying = asyncio.create_task(stalls())
    await asyncio.sleep(0)
    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)
    assert await subject.call() == "answered"
    assert subject.state == "closed"


async def test_a_call_from_before_changes_nothing_when_it_ends(subject: Subject) -> None:
    """Let in while it was closed, ended while it is open: neither its answer nor its failure counts."""
    late = subject.breaker.calling()
    await late.__aenter__()
    await subject.fail(3)
    await late.__aexit__(None, None, None)
    assert subject.state == "open"
    assert len(subject.said) == 1


async def test_what_another_process_learned_counts_here(subject: Subject) -> None:
    """Opened there: refused here, without a word of its own; tried a little later than there; closed there: closed."""
    subject.breaker.opened_elsewhere(BEGIN, BEGIN + timedelta(seconds=20))
    assert await subject.call() == "refused"
    assert subject.breaker.shown().until == BEGIN + timedelta(seconds=20 + 20 * 0.5 * 0.5)
    assert subject.said == []
    subject.breaker.closed_elsewhere()
    assert await subject.call() == "answered"


async def test_its_own_word_come_back_does_not_open_it_again(subject: Subject) -> None:
    """What it said is read from the log after it has gone on."""
    await subject.fail(3)
    subject.wait(10)
    await subject.call()
    subject.breaker.opened_elsewhere(BEGIN, BEGIN + timedelta(seconds=10))
    assert subject.state == "closed"


def at_once(work: Coroutine[Any, Any, Any]) -> StepFailure | None:
    """Run what waits for nothing, without a loop; what it raised."""
    try:
        work.send(None)
    except StopIteration:
        return None
    except StepFailure as error:
        return error
    raise AssertionError("it waited")


class Calls(RuleBasedStateMachine):
    """Calls begin and end in any order, time passes, others open and close it."""

    def __init__(self) -> None:
        super().__init__()
        self.subject = Subject()
        self.under_way: list[tuple[Any, datetime, bool]] = []

    @rule()
    def begin(self) -> None:
        """A call is let in, or refused; nobody is let in before the pause has ended."""
        before = self.subject.breaker.shown()
        manager = self.subject.breaker.calling()
        refused = at_once(manager.__aenter__())
        if refused is None:
            assert before.state != "open" or (before.until and self.subject.now >= before.until)
            self.under_way.append((manager, self.subject.now, before.state != "closed"))
            return
        assert refused.code is ErrorCode.BREAKER_OPEN
        assert refused.retry_after_s
        assert before.state != "closed"

    @precondition(lambda self: self.under_way)
    @rule(which=st.integers(0, 100), fails=st.sampled_from([None, *list(ErrorCode)]))
    def end(self, which: int, fails: ErrorCode | None) -> None:
        """A call ends in some way."""
        manager, _, _ = self.under_way.pop(which % len(self.under_way))
        error = StepFailure(fails, "") if fails else None
        assert at_once(manager.__aexit__(type(error) if error else None, error, None)) is None, "swallowed or replaced"

    @rule(seconds=st.floats(0.1, 50))
    def wait(self, seconds: float) -> None:
        """Time passes."""
        self.subject.wait(seconds)

    @rule(seconds=st.floats(0, 50))
    def elsewhere(self, seconds: float) -> None:
        """Another process opens it."""
        self.subject.breaker.opened_elsewhere(self.subject.now, self.subject.now + timedelta(seconds=seconds))

    @rule()
    def reset(self) -> None:
        """A person closes it."""
        self.subject.breaker.closed_elsewhere()

    @invariant()
    def closed_means_that_nothing_is_waited_for(self) -> None:
        """Only an open one has a time."""
        shown = self.subject.breaker.shown()
        assert (shown.state == "closed") == (shown.until is None)

    @invariant()
    def one_at_a_time_tries(self) -> None:
        """Of those who were let in while it was not closed, one is at it; who takes for ever is not counted."""
        begun = [since for _, since, tries in self.under_way if tries]
        assert sum(self.subject.now - since < LONGEST_TRY for since in begun) <= 1


Calls.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestCalls = Calls.TestCase
