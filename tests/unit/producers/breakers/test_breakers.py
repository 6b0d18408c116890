"""All breakers of a process: which are held for good, and how many of the hosts that were met are remembered."""

from datetime import UTC, datetime

import pytest
from support.key_ring import MemoryKeyRing
from support.operations import MemoryOperations, said
from support.publisher import MemoryPublisher

from muniment.producers.breakers.breaker import Breaker
from muniment.producers.breakers.breakers import Breakers
from muniment.producers.breakers.policy import BreakerLimits
from muniment.producers.log_codec import LogCodec
from muniment.schemas.breakers import BREAKERS, EMBEDDING, FETCHING
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.operations import BreakerClosed, BreakerOpened

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
MOST = 20
MODEL = f"{EMBEDDING}:another-model"


@pytest.fixture
def operations() -> MemoryOperations:
    """What is known of the log."""
    return MemoryOperations()


@pytest.fixture
def breakers(operations: MemoryOperations) -> Breakers:
    """Those of a process; what they say stays unsaid until they are entered."""
    codec = LogCodec(MemoryKeyRing())
    return Breakers(operations, MemoryPublisher(), codec, most=MOST, now=lambda: NOW, draw=lambda: 0.0)


def host(number: int) -> str:
    """One of hosts without end."""
    return f"h{number}.example:443"


async def calls(breaker: Breaker, *, fails: int = 0) -> None:
    """Call so often in vain; once, and well, if never."""
    for _ in range(fails):
        with pytest.raises(StepFailure):
            async with breaker.calling():
                raise StepFailure(ErrorCode.FETCH_FAILED, "no answer")
    if not fails:
        async with breaker.calling():
            pass


async def test_what_is_held_stays_joined_to_the_log(breakers: Breakers, operations: MemoryOperations) -> None:
    """However many hosts are met after it, the breaker that the embedder holds hears what others have learned."""
    async with breakers:
        held = {name: breakers.get(name) for name in (*BREAKERS, MODEL)}
        for number in range(MOST + 5):
            await calls(breakers.of(FETCHING, host(number)))
        for name, breaker in held.items():
            opened = BreakerOpened(breaker=name, failures=5, retry_after_s=60.0, code="provider_unavailable")
            await operations.say(opened)
            assert (name, breaker.shown().state) == (name, "open")
            assert breaker.shown() in breakers.shown()
            await operations.say(BreakerClosed(breaker=name, by="command", reason="it is well again"))
            assert (name, breaker.shown().state) == (name, "closed")


@pytest.mark.parametrize("fails", [1, BreakerLimits().failures - 1, BreakerLimits().failures])
async def test_dead_hosts_without_end_are_not_all_remembered(breakers: Breakers, fails: int) -> None:
    """Those met last are, whether their few failures have opened a breaker or not."""
    met = 3 * MOST
    for number in range(met):
        await calls(breakers.of(FETCHING, host(number)), fails=fails)
    shown = breakers.shown()
    assert len(shown) == MOST + len(BREAKERS)
    assert [one.failures for one in shown].count(fails) == MOST
    last = breakers.of(FETCHING, host(met - 1)).shown()
    first = breakers.of(FETCHING, host(0)).shown()
    assert (last.failures, first.failures) == (fails, 0)


async def test_a_host_that_is_asked_again_and_again_is_remembered(breakers: Breakers) -> None:
    """The longest unused goes: one that is called between others keeps its failures, and so opens at last."""
    failures = BreakerLimits().failures
    for turn in range(failures):
        await calls(breakers.of(FETCHING, "dead.example:443"), fails=1)
        for number in range(MOST - 1):
            await calls(breakers.of(FETCHING, host(turn * MOST + number)))
    assert breakers.of(FETCHING, "dead.example:443").shown().state == "open"


async def test_an_open_host_that_was_forgotten_is_still_left_alone(
    breakers: Breakers, operations: MemoryOperations
) -> None:
    """The log remembers it: when one of its addresses comes again, it is not called before its time."""
    async with breakers:
        name = breakers.of(FETCHING, "dead.example:443").name
        opened = BreakerOpened(breaker=name, failures=5, retry_after_s=60.0, code="fetch_failed")
        operations.take(opened, said(at=NOW))
        for number in range(MOST):
            await calls(breakers.of(FETCHING, host(number)))
        assert name not in [one.name for one in breakers.shown()]
        with pytest.raises(StepFailure) as refused:
            async with breakers.of(FETCHING, "dead.example:443").calling():
                pytest.fail("it was called")
        assert (refused.value.code, refused.value.retry_after_s) == (ErrorCode.BREAKER_OPEN, 60.0)


def test_one_that_is_held_is_the_one_of_its_part(breakers: Breakers) -> None:
    """Whether it was first asked for by its part or by its name, there is one of it."""
    part = breakers.of(FETCHING, host(1))
    assert breakers.get(part.name) is part
    for number in range(2, MOST + 5):
        breakers.of(FETCHING, host(number))
    assert breakers.of(FETCHING, host(1)) is part


def test_a_part_of_nothing_is_a_mistake(breakers: Breakers) -> None:
    """`KeyError`, rather than a breaker that nobody can see."""
    with pytest.raises(KeyError):
        breakers.of("feching", host(1))
