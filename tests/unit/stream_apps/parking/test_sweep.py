"""No parked record is ever stranded: what a dead process left is published, what the log has lost is passed over."""

from dataclasses import replace

import pytest
from support.parking import MemoryParking
from support.publisher import MemoryPublisher

from muniment.schemas.record import Record
from muniment.stream_apps.parking.port import Place, Standing
from muniment.stream_apps.parking.sweep import Sweep

HEAD = Place("indexing", "acme", b"document", "muniment.documents:3:14")
NEXT = replace(HEAD, origin="muniment.documents:3:15")


def record(place: Place, topic: str = "muniment.redelivery.indexing") -> Record:
    return Record(topic, place.key, place.origin.encode(), ())


def sweep(parking: MemoryParking, log: MemoryPublisher, *, halted: bool = False) -> Sweep:
    return Sweep(parking, log, lost_s=1000, held=lambda step: halted)


async def swept(parking: MemoryParking, log: MemoryPublisher, clock: list[float], *, for_s: float) -> int:
    """Sweep every few seconds for so long; how many records went on their way."""
    sent, ends = 0, clock[0] + for_s
    while clock[0] < ends:
        clock[0] = min(clock[0] + 5, ends)
        sent += await sweep(parking, log).once()
    return sent


async def headed(parking: MemoryParking) -> None:
    """A head that is on its way through the log, and the next one behind it."""
    await parking.lead(HEAD, record(HEAD))
    await parking.published(HEAD)
    assert await parking.stand(NEXT, record(NEXT)) is Standing.PARKED


async def test_a_head_whose_publisher_died_is_published_once() -> None:
    """It goes where it was going, a moment after its publisher must have been done; then there is nothing left."""
    clock, log = [0.0], MemoryPublisher()
    parking = MemoryParking(clock=lambda: clock[0])
    await sweep(parking, log).once()
    await parking.lead(HEAD, record(HEAD, "muniment.retry.1s"))
    clock[0] = 19.0
    assert await sweep(parking, log).once() == 0
    clock[0] = 21.0
    assert await sweep(parking, log).once() == 1
    clock[0] = 100.0
    assert await sweep(parking, log).once() == 0
    assert [(r.topic, r.value) for r in log.sent] == [("muniment.retry.1s", HEAD.origin.encode())]


async def test_a_head_that_the_log_has_lost_is_passed_over() -> None:
    """After longer than any retry waits the next of its document goes on without it."""
    clock, log = [0.0], MemoryPublisher()
    parking = MemoryParking(clock=lambda: clock[0])
    await sweep(parking, log).once()
    await headed(parking)
    assert await swept(parking, log, clock, for_s=999) == 0
    assert await swept(parking, log, clock, for_s=1) == 1
    assert [r.value for r in log.sent] == [NEXT.origin.encode()]
    assert await parking.stand(NEXT, record(NEXT)) is Standing.HEAD


@pytest.mark.parametrize("halted", [True, False])
async def test_a_head_keeps_its_place_over_a_halt_and_over_a_stop(*, halted: bool) -> None:
    """What went by while its step was halted, or while nothing ran, does not count; what went by before it does."""
    clock, log = [0.0], MemoryPublisher()
    parking = MemoryParking(clock=lambda: clock[0])
    await sweep(parking, log).once()
    await headed(parking)
    assert await swept(parking, log, clock, for_s=400) == 0
    for _ in range(1000):
        clock[0] += 5
        if halted:
            assert await sweep(parking, log, halted=True).once() == 0
    assert await swept(parking, log, clock, for_s=600) == 0
    assert await parking.stand(NEXT, record(NEXT)) is Standing.PARKED
    assert await swept(parking, log, clock, for_s=5) == 1


async def test_the_first_sweep_of_all_gives_up_nothing() -> None:
    """Nobody has noted yet when the step ran: a head of old counts as heard of then."""
    clock, log = [0.0], MemoryPublisher()
    parking = MemoryParking(clock=lambda: clock[0])
    await headed(parking)
    clock[0] = 5000.0
    assert await sweep(parking, log).once() == 0
    assert await swept(parking, log, clock, for_s=1000) == 1
