"""No parked record is ever stranded: what a dead process left is published, what the log has lost is passed over."""

from dataclasses import replace

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


async def test_a_head_whose_publisher_died_is_published_once() -> None:
    """It goes where it was going, a moment after its publisher must have been done; then there is nothing left."""
    clock, log = [0.0], MemoryPublisher()
    parking = MemoryParking(clock=lambda: clock[0])
    await parking.lead(HEAD, record(HEAD, "muniment.retry.1s"))
    clock[0] = 19.0
    assert await sweep(parking, log).once() == 0
    clock[0] = 21.0
    assert await sweep(parking, log).once() == 1
    clock[0] = 100.0
    assert await sweep(parking, log).once() == 0
    assert [(r.topic, r.value) for r in log.sent] == [("muniment.retry.1s", HEAD.origin.encode())]


async def test_a_head_that_the_log_has_lost_is_passed_over() -> None:
    """After longer than any retry waits the next of its document goes on without it; not while the step is halted."""
    clock, log = [0.0], MemoryPublisher()
    parking = MemoryParking(clock=lambda: clock[0])
    await parking.lead(HEAD, record(HEAD))
    await parking.published(HEAD)
    assert await parking.stand(NEXT, record(NEXT)) is Standing.PARKED
    clock[0] = 1001.0
    assert await sweep(parking, log, halted=True).once() == 0
    assert await sweep(parking, log).once() == 1
    assert [r.value for r in log.sent] == [NEXT.origin.encode()]
    assert await parking.stand(NEXT, record(NEXT)) is Standing.HEAD
