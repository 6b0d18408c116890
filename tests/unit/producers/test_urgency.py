"""Places: never more than there are, the most urgent first, nobody starves, none is lost."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muniment.producers.urgency import FAVOURED_IN_A_ROW, Places, lane, rank, working_for
from muniment.schemas.metadata import LANES


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class Visitor:
    """Somebody who takes a place and keeps it until told to go."""

    def __init__(self, places: Places, lane: str, served: list[str], name: str = "") -> None:
        self.go = asyncio.Event()
        self._places, self._lane, self._served, self._name = places, lane, served, name or lane
        self.task = asyncio.create_task(self._visit())

    async def _visit(self) -> None:
        with working_for(self._lane):
            async with self._places.one():
                self._served.append(self._name)
                await self.go.wait()


async def test_urgency_is_carried_into_tasks_and_ends_with_its_record() -> None:
    """A task made for an interactive record is interactive; outside, work is normal."""

    async def seen() -> tuple[str, int]:
        return lane(), rank()

    with working_for("interactive"):
        task = asyncio.create_task(seen())
    assert await task == ("interactive", 0)
    assert await seen() == ("normal", 1)


async def test_the_most_urgent_goes_first() -> None:
    """Of those who wait the interactive one is served first, then the normal, then the bulk one."""
    served: list[str] = []
    places = Places(1)
    holder = Visitor(places, "bulk", served, "holder")
    await settle()
    waiting = [Visitor(places, name, served) for name in ("bulk", "normal", "interactive")]
    await settle()
    assert served == ["holder"]
    for visitor in (holder, *reversed(waiting)):
        visitor.go.set()
        await settle()
    assert served == ["holder", "interactive", "normal", "bulk"]


async def test_a_reserved_place_is_for_interactive_work_alone() -> None:
    """With all places taken by bulk work, interactive work begins at once and normal work waits."""
    served: list[str] = []
    places = Places(2, reserved=1)
    visitors = [Visitor(places, name, served) for name in ("bulk", "bulk", "normal", "interactive", "interactive")]
    await settle()
    assert served == ["bulk", "bulk", "interactive"]
    assert places.taken == 3
    for visitor in visitors:
        visitor.go.set()
    await asyncio.gather(*(visitor.task for visitor in visitors))
    assert places.taken == 0


async def test_nobody_starves() -> None:
    """Interactive work without end lets a bulk one through after a bounded number."""
    served: list[str] = []
    places = Places(1)
    visitors = [Visitor(places, "interactive", served, "first"), Visitor(places, "bulk", served)]
    visitors += [Visitor(places, "interactive", served) for _ in range(3 * FAVOURED_IN_A_ROW)]
    await settle()
    for visitor in visitors:
        visitor.go.set()
    await asyncio.gather(*(visitor.task for visitor in visitors))
    assert served.index("bulk") == FAVOURED_IN_A_ROW + 1


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 3),
    st.integers(0, 2),
    st.lists(
        st.tuples(st.sampled_from(LANES), st.integers(0, 6), st.sampled_from(["ends", "is cancelled"])), max_size=15
    ),
)
async def test_places_are_neither_exceeded_nor_lost(
    most: int, reserved: int, visits: list[tuple[str, int, str]]
) -> None:
    """Whoever comes, goes and gives up: never more than there are, and at the end all are free and all were served."""
    places, served = Places(most, reserved=reserved), []
    visitors: list[Visitor] = []
    cancelled = 0
    for number, (name, pauses, end) in enumerate(visits):
        visitors.append(Visitor(places, name, served, str(number)))
        for _ in range(pauses):
            await asyncio.sleep(0)
        assert 0 <= places.taken <= most + reserved
        leaving = visitors[number // 2]
        if end == "ends":
            leaving.go.set()
        elif leaving.task.cancel():
            cancelled += 1
    for visitor in visitors:
        visitor.go.set()
    async with asyncio.timeout(60):
        for visitor in visitors:
            with suppress(asyncio.CancelledError):
                await visitor.task
    assert places.taken == 0
    assert len(served) >= len(visits) - cancelled


def test_there_is_at_least_one_place() -> None:
    """No place at all would let nobody through, ever."""
    with pytest.raises(ValueError, match="at least one"):
        Places(0)
