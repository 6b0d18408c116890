"""Whatever a record cannot be settled without is shown while it is waited for: the log, and the database of order."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from support.key_ring import MemoryKeyRing
from support.parking import Endings, MemoryParking
from support.publisher import MemoryPublisher
from support.toy_step import Do, ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.metrics import STEP_WAITING
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, REDELIVERY
from muniment.stream_apps.hosting.ports import Ports
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.hosting.waits import Waits

BACK = REDELIVERY["indexing"].name
REDRIVEN = {"redrive_id": "one", "redrive_letter": "muniment.dlq:3:0", "redrive_times": "1"}


class Away:
    """Calls of a port fail as long as the test says so, those alone that are named."""

    def __init__(self, inner: object, *names: str) -> None:
        self._inner, self._names = inner, names
        self.away = True

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        """The call, or its failure."""
        call = getattr(self._inner, name)

        async def tried(*arguments: object) -> object:
            if self.away and name in self._names:
                raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "taken away by the test")
            return await call(*arguments)

        return tried


class AwayFor(MemoryPublisher):
    """A log that one topic cannot be written to."""

    def __init__(self, topic: str) -> None:
        super().__init__()
        self.topic = topic

    async def send(self, record: Record) -> Record:
        """Refuse for the topic."""
        if record.topic == self.topic:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, f"{self.topic} is away")
        return await super().send(record)


def placed(do: Do = Do.WORK, **headers: str) -> Record:
    record = replace(job("acme", do=do), partition=3, offset=14)
    return replace(record.with_headers(headers), topic=BACK) if headers else record


def gauges() -> float:
    return sum(STEP_WAITING.labels("indexing", code)._value.get() for code in ErrorCode)


async def turns(times: int = 200) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def shown_and_over(
    log: MemoryPublisher, record: Record, come_back: Callable[[], None], outcome: str, **ports: object
) -> list[str]:
    """The codes shown while the record waits; afterwards, ended either way, nothing is shown and nothing counted."""
    waits = Waits()
    wrapper = Settler(
        LogCodec(MemoryKeyRing()), log, ports=Ports(waits=waits, **ports), sleep=lambda _: asyncio.sleep(0)
    )
    step = ToyStep("acme", timeout_s=5.0)
    before = gauges()
    cancelled = asyncio.create_task(wrapper.settle(step, record))
    await turns()
    assert len(waits.shown()) == 1
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    assert (waits.shown(), gauges()) == ([], before)
    settled = asyncio.create_task(wrapper.settle(step, record))
    await turns()
    found = waits.shown()
    assert gauges() == before + 1
    come_back()
    assert await settled == outcome
    assert (waits.shown(), gauges()) == ([], before)
    assert {(one["step"], one["position"], one["records"]) for one in found} == {("indexing", record.place, 1)}
    return [str(one["code"]) for one in found]


@pytest.mark.parametrize(("do", "outcome"), [(Do.WORK, "done"), (Do.NEVER, "dead"), (Do.RAISE, "retry")])
async def test_a_log_that_is_away_is_shown_as_what_is_waited_for(do: Do, outcome: str) -> None:
    """A step's results, its dead letter and its retry wait for the broker, and one record is shown for all of them."""
    log = MemoryPublisher()
    log.away = True
    codes = await shown_and_over(log, placed(do), lambda: setattr(log, "away", False), outcome)
    assert codes == ["log_unavailable"]


@pytest.mark.parametrize(
    ("names", "do", "outcome"),
    [(("stand",), Do.WORK, "done"), (("lead",), Do.RAISE, "retry"), (("published",), Do.RAISE, "retry")],
)
async def test_a_database_of_order_that_is_away_is_shown(names: tuple[str, ...], do: Do, outcome: str) -> None:
    """Before the step runs, and after it, an ordered record waits for the database in sight."""
    parking = Away(MemoryParking(), *names)
    codes = await shown_and_over(
        MemoryPublisher(), placed(do), lambda: setattr(parking, "away", False), outcome, parking=parking
    )
    assert codes == ["database_unavailable"]


async def test_who_cannot_be_told_of_a_redrive_is_waited_for_in_sight() -> None:
    """After the step has ended, too."""
    redriven = Away(Endings(), "ended")
    codes = await shown_and_over(
        MemoryPublisher(),
        placed(Do.WORK, **REDRIVEN),
        lambda: setattr(redriven, "away", False),
        "done",
        redriven=redriven,
    )
    assert codes == ["database_unavailable"]


async def test_what_nobody_foresaw_is_shown_as_well() -> None:
    """A send that fails in a way that no waiting should heal is repeated for a dead letter, and shown."""
    log = MemoryPublisher()
    inner, broken = log.send, [True]

    async def send(record: Record) -> Record:
        if broken and record.topic == DLQ.name:
            raise ValueError("a secret")
        return await inner(record)

    log.send = send  # type: ignore[method-assign]
    assert await shown_and_over(log, placed(Do.NEVER), broken.clear, "dead") == ["unexpected"]


async def test_one_topic_that_can_be_written_to_does_not_hide_another_that_cannot() -> None:
    """Results go out side by side: the record is shown until the last of them is confirmed."""
    log = AwayFor("muniment.jobs")
    codes = await shown_and_over(log, placed(), lambda: setattr(log, "topic", ""), "done")
    assert codes == ["log_unavailable"]
    assert log.sent


async def test_a_record_without_a_turn_is_shown_while_it_cannot_be_put_off() -> None:
    """It is not tried, and its way into the tier waits for the log all the same."""
    waits, log = Waits(), MemoryPublisher()
    log.away = True
    wrapper = Settler(LogCodec(MemoryKeyRing()), log, ports=Ports(waits=waits), sleep=lambda _: asyncio.sleep(0))
    task = asyncio.create_task(wrapper.put_off(ToyStep("acme"), placed()))
    await turns()
    assert [one["code"] for one in waits.shown()] == ["log_unavailable"]
    log.away = False
    assert await task == "wait"
    assert waits.shown() == []


async def test_records_that_are_worked_on_side_by_side_are_told_apart() -> None:
    """Each waits for itself: one that is settled does not end what is shown of another."""
    waits, log = Waits(), AwayFor(DLQ.name)
    wrapper = Settler(LogCodec(MemoryKeyRing()), log, ports=Ports(waits=waits), sleep=lambda _: asyncio.sleep(0))
    step = ToyStep("acme", timeout_s=5.0)
    held = [replace(placed(Do.NEVER), offset=n) for n in range(3)]
    tasks = [asyncio.create_task(wrapper.settle(step, one)) for one in held]
    assert await wrapper.settle(step, placed()) == "done"
    await turns()
    assert [one["records"] for one in waits.shown()] == [3]
    tasks[0].cancel()
    await asyncio.gather(tasks[0], return_exceptions=True)
    assert [(one["records"], one["position"]) for one in waits.shown()] == [(2, held[1].place)]
    log.topic = ""
    assert await asyncio.gather(*tasks[1:]) == ["dead", "dead"]
    assert waits.shown() == []
