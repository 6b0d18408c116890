"""When records leave their tier."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState, retry_state
from muniment.schemas.topics import REDELIVERY, RETRY_TIERS
from muniment.stream_apps.retrying.carrier import BATCH, Carrier
from muniment.stream_apps.retrying.policy import Limits, fitting_tier, jitter_s

TIER, NOW_MS = 2, 1_900_000_000_000
MOST_S = jitter_s(TIER, 1.0, Limits())


class Confirming:
    """A publisher whose broker confirms at once."""

    def __init__(self) -> None:
        self.sent: list[Record] = []

    async def send(self, record: Record) -> Record:
        self.sent.append(record)
        return record


def due(offset: int, at_ms: int) -> Record:
    """A record of the tier that is due then."""
    state = RetryState("chunking", 1, 0, at_ms - 30_000, at_ms, Position("t", 0, 0), ErrorCode.UNEXPECTED, "ValueError")
    record = Record(RETRY_TIERS[TIER].name, uuid4().bytes, b"v", ()).with_headers(state.to_headers())
    return replace(record, partition=0, offset=offset)


@pytest.mark.parametrize(
    ("overdue_s", "in_line_s", "waits_s"),
    [
        (0.0, 0.0, MOST_S),
        (0.0, MOST_S / 4, MOST_S * 3 / 4),
        (0.0, MOST_S * 2, 0.0),
        (60.0, 0.0, MOST_S),
        (60.0, MOST_S / 2, MOST_S / 2),
    ],
)
async def test_jitter_counts_from_when_a_record_was_due_and_could_be_taken(
    overdue_s: float, in_line_s: float, waits_s: float
) -> None:
    """Who waited for its turn does not wait for its jitter as well; what came due while nobody looked is spread."""
    publisher, slept, moved, clock = Confirming(), list[float](), asyncio.Queue[int](), [NOW_MS]

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    carrier = Carrier(TIER, publisher, Limits(), moved.put, now_ms=lambda: clock[0], draw=lambda: 1.0, sleep=sleep)
    count = BATCH + 10
    for offset in range(count):
        carrier.take(due(offset, NOW_MS - round(overdue_s * 1000)))
    clock[0] += round(in_line_s * 1000)
    async with asyncio.timeout(60):
        while await moved.get() < count:
            pass
    await carrier.close()
    assert [record.topic for record in publisher.sent] == [REDELIVERY["chunking"].name] * count
    assert sum(slept) == pytest.approx(waits_s * count)


class Tiers:
    """All tiers with their carriers, on a clock that a test moves; a log that puts back in what is sent to a tier."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self.rounds: list[int] = []
        self.out: list[tuple[int, Record]] = []
        self._carriers: dict[str, Carrier] = {}
        for tier, topic in enumerate(RETRY_TIERS):
            self._carriers[topic.name] = Carrier(
                tier, self, Limits(), self._moved, now_ms=lambda: self.now_ms, draw=lambda: 0.0
            )

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`."""
        placed = replace(record, partition=0, offset=len(self.rounds), timestamp_ms=self.now_ms)
        if record.topic in self._carriers:
            self.rounds.append(self.now_ms)
            self._carriers[record.topic].take(placed)
        else:
            self.out.append((self.now_ms, placed))
        return placed

    async def _moved(self, _: int) -> None:
        """Nothing is committed here."""

    async def close(self) -> None:
        """Stop the carriers."""
        for carrier in self._carriers.values():
            await carrier.close()


@pytest.mark.parametrize("hours", [8.0, 47.9])
async def test_a_wait_of_hours_goes_round_the_tiers_untouched(hours: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sent round until it is due, a look every two minutes: never early, with no attempt or wait used up on the way."""
    tiers, real = Tiers(NOW_MS), asyncio.sleep
    due_ms = NOW_MS + round(hours * 3_600_000)

    async def later(seconds: float) -> None:
        tiers.now_ms += max(1, round(seconds * 1000))
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", later)
    record = due(0, due_ms).to(RETRY_TIERS[fitting_tier(hours * 3600, Limits())].name)
    await tiers.send(record)
    async with asyncio.timeout(60):
        while not tiers.out:
            await real(0)
    monkeypatch.undo()
    await tiers.close()
    [(at_ms, left)] = tiers.out
    assert 0 <= at_ms - due_ms < 1000
    assert retry_state(left) == retry_state(record)
    assert left.topic == REDELIVERY["chunking"].name
    longest_ms = Limits().delays_s[-1] * 1000
    assert len(tiers.rounds) <= hours * 3_600_000 / longest_ms + 2 * len(RETRY_TIERS)
    assert max(b - a for a, b in zip(tiers.rounds, tiers.rounds[1:], strict=False)) == longest_ms
