"""Many who ask for the same at once are one piece of work."""

import asyncio

import pytest

from muniment.api.caching.flights import Flights


class Work:
    """Counts how often it is done, and is done when told."""

    def __init__(self) -> None:
        self.begun = 0
        self.ended = 0
        self.go = asyncio.Event()

    async def __call__(self) -> bytes:
        self.begun += 1
        try:
            await self.go.wait()
        finally:
            self.ended += 1
        return b"done"


async def test_a_stampede_is_one_piece_of_work() -> None:
    """A hundred who ask at once are answered by one computation, and the next one who asks begins a new one."""
    flights, work = Flights(), Work()
    asked = [asyncio.create_task(flights.join(b"a", work)) for _ in range(100)]
    await asyncio.sleep(0)
    work.go.set()
    assert await asyncio.gather(*asked) == [b"done"] * 100
    assert work.begun == 1
    await flights.join(b"a", work)
    assert work.begun == 2


async def test_names_do_not_share() -> None:
    """Work of another name is work of its own."""
    flights, one, two = Flights(), Work(), Work()
    one.go.set()
    two.go.set()
    await asyncio.gather(flights.join(b"a", one), flights.join(b"b", two))
    assert (one.begun, two.begun) == (1, 1)


async def test_who_leaves_ends_nobody_elses_work() -> None:
    """The first caller, cancelled, does not take the work from the second; the last one who leaves ends it."""
    flights, work = Flights(), Work()
    first, second = (asyncio.create_task(flights.join(b"a", work)) for _ in range(2))
    await asyncio.sleep(0.01)
    first.cancel()
    await asyncio.sleep(0.01)
    assert work.ended == 0
    second.cancel()
    await asyncio.gather(first, second, return_exceptions=True)
    await asyncio.sleep(0.01)
    assert (work.begun, work.ended) == (1, 1)


async def test_a_failure_is_everybodys_and_is_not_kept() -> None:
    """Who waits for work that fails is told so; who comes after tries anew."""
    flights = Flights()

    async def fails() -> bytes:
        await asyncio.sleep(0.01)
        raise ValueError("no")

    asked = [flights.join(b"a", fails) for _ in range(3)]
    assert [type(e) for e in await asyncio.gather(*asked, return_exceptions=True)] == [ValueError] * 3
    work = Work()
    work.go.set()
    assert await flights.join(b"a", work) == b"done"


async def test_who_comes_after_the_last_has_left_begins_anew() -> None:
    """A cancelled piece of work is joined by nobody."""
    flights, work = Flights(), Work()
    left = asyncio.create_task(flights.join(b"a", work))
    await asyncio.sleep(0.01)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    work.go.set()
    assert await flights.join(b"a", work) == b"done"
