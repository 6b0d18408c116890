"""When records leave their tier."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState
from muniment.schemas.topics import REDELIVERY, RETRY_TIERS
from muniment.stream_apps.retrying.carrier import BATCH, Carrier
from muniment.stream_apps.retrying.policy import Limits, jitter_s

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
