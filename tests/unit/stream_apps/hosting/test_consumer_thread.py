"""Faust's thread lets records gather where many come one by one, and nowhere else."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Transport

from muniment.stream_apps.hosting import consumer_thread
from muniment.stream_apps.hosting.consumer_thread import PacedConsumer, PacedThread, use_own_threads
from muniment.stream_apps.hosting.pace import HAND_OVER_OFTEN, HAND_OVER_REST_S

BATCH = 50


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was slept; nobody waits for it here."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(consumer_thread, "asyncio", SimpleNamespace(sleep=sleep))
    return slept


def thread(monkeypatch: pytest.MonkeyPatch, brought: Iterator[int]) -> PacedThread:
    """A thread without a broker, whose looks bring so many records."""

    async def getmany(self: Any, active: Any, timeout: float) -> dict[str, list[int]]:  # noqa: ASYNC109 - Faust's own
        del self, active, timeout
        number = next(brought)
        return {"place": list(range(number))} if number else {}

    def init(self: Any) -> None:
        self.consumer = SimpleNamespace(app=SimpleNamespace(conf=SimpleNamespace(broker_max_poll_records=BATCH)))

    monkeypatch.setattr(AIOKafkaConsumerThread, "getmany", getmany)
    monkeypatch.setattr(AIOKafkaConsumerThread, "__post_init__", init)
    made = object.__new__(PacedThread)
    made.__post_init__()
    return made


@pytest.mark.parametrize(
    ("brought", "expected"),
    [
        pytest.param(1, 9, id="one by one"),
        pytest.param(0, 0, id="nothing"),
        pytest.param(BATCH, 0, id="a backlog"),
    ],
)
async def test_only_many_small_looks_are_followed_by_rests(
    monkeypatch: pytest.MonkeyPatch, rests: list[float], brought: int, expected: int
) -> None:
    """Looks in a row that bring little are put off from the thirty-first on; empty and full ones never are."""
    monkeypatch.setattr(consumer_thread, "time", SimpleNamespace(monotonic=lambda: 0.0))
    looking = thread(monkeypatch, iter([brought] * 100))
    for _ in range(HAND_OVER_OFTEN + 10):
        found = await looking.getmany(None, 1.0)
        assert sum(map(len, found.values())) == brought
    assert rests == [HAND_OVER_REST_S] * expected


async def test_a_full_look_ends_the_rests(monkeypatch: pytest.MonkeyPatch, rests: list[float]) -> None:
    """Who falls behind is not put off any more."""
    monkeypatch.setattr(consumer_thread, "time", SimpleNamespace(monotonic=lambda: 0.0))
    looking = thread(monkeypatch, iter([1] * (HAND_OVER_OFTEN + 1) + [BATCH] * 10))
    for _ in range(HAND_OVER_OFTEN + 10):
        await looking.getmany(None, 1.0)
    assert rests == [HAND_OVER_REST_S]


def test_faust_makes_its_consumers_with_such_threads() -> None:
    """Whichever app is made afterwards."""
    use_own_threads()
    assert Transport.Consumer is PacedConsumer
