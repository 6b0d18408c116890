"""Two layers in one call, on a shared layer in memory."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.caching import MemoryShared, text

from muniment.api.caching.cache import TwoLayers
from muniment.api.caching.memory import Memory
from muniment.api.caching.rest import FIRST_S, LONGEST_S, Rest
from muniment.api.caching.wanted import name_of


class Made:
    """Answers that say how often they were made."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, said: str = "answer") -> Callable[[], Awaitable[str]]:
        async def make() -> str:
            self.times += 1
            await asyncio.sleep(0)
            return f"{said} {self.times}"

        return make


async def settled(cache: TwoLayers) -> None:
    """Wait until what was made is on its way to the shared layer no more."""
    while cache._writes:  # noqa: ASYNC110 - tasks of the cache's own
        await asyncio.sleep(0)


async def test_the_second_who_asks_is_given_what_was_made() -> None:
    """An answer is made once, and is then in memory and in the shared layer, for other instances."""
    shared, made = MemoryShared(), Made()
    one, other = TwoLayers(shared), TwoLayers(shared)
    assert await one.kept(text("acme", "q"), made()) == "answer 1"
    await settled(one)
    assert await one.kept(text("acme", "q"), made()) == "answer 1"
    assert await other.kept(text("acme", "q"), made()) == "answer 1"
    assert made.times == 1


async def test_tenants_kinds_and_questions_share_nothing() -> None:
    """Whoever asks something else, or is somebody else, is given an answer of their own."""
    shared, made = MemoryShared(), Made()
    cache = TwoLayers(shared)
    asked = [text("acme", "q"), text("umbrella", "q"), text("acme", "p"), text("acme", "q", kind="other")]
    assert len({await cache.kept(one, made()) for one in asked}) == 4


async def test_a_change_ends_what_was_made_before_on_every_instance_at_once() -> None:
    """After a change of the tenant's read model no instance gives an answer from before; another tenant's stays."""
    shared, made = MemoryShared(), Made()
    one, other = TwoLayers(shared), TwoLayers(shared)
    for cache in (one, other):
        await cache.kept(text("acme", "q"), made())
        await cache.kept(text("umbrella", "q"), made())
        await settled(cache)
    before = made.times
    shared.changes["acme"] += 1
    assert await other.kept(text("acme", "q"), made("new")) == f"new {before + 1}"
    await settled(other)
    assert await one.kept(text("acme", "q"), made("newer")) == f"new {before + 1}"
    await one.kept(text("umbrella", "q"), made())
    assert made.times == before + 1


async def test_what_was_overtaken_while_it_was_made_is_kept_for_nobody() -> None:
    """An answer that was begun before a change is given to who asked before it, and to nobody after."""
    shared, made = MemoryShared(), Made()
    cache = TwoLayers(shared)

    async def overtaken() -> str:
        shared.changes["acme"] += 1
        return "old"

    assert await cache.kept(text("acme", "q"), overtaken) == "old"
    await settled(cache)
    assert shared.answers == {}
    assert await cache.kept(text("acme", "q"), made()) == "answer 1"


async def test_what_depends_on_no_read_model_stays() -> None:
    """A change ends no answer that does not depend on what changed."""
    shared, made = MemoryShared(), Made()
    cache = TwoLayers(shared)
    await cache.kept(text("acme", "q", lasts=True), made())
    shared.changes["acme"] += 1
    assert await cache.kept(text("acme", "q", lasts=True), made()) == "answer 1"


async def test_a_stampede_makes_one_answer() -> None:
    """Fifty who ask the same at once are given the same, made once."""
    made, cache = Made(), TwoLayers(MemoryShared())
    given_ = await asyncio.gather(*[cache.kept(text("acme", "q"), made()) for _ in range(50)])
    assert set(given_) == {"answer 1"}


async def test_with_the_shared_layer_away_reads_go_on_and_do_not_wait_for_it() -> None:
    """Each answer is made anew while nobody can say what holds; the layer is left alone for a moment, then tried."""
    clock = [0.0]
    shared, made = MemoryShared(away=True), Made()
    cache = TwoLayers(shared, clock=lambda: clock[0])
    assert [await cache.kept(text("acme", "q"), made()) for _ in range(5)] == [f"answer {n}" for n in range(1, 6)]
    assert shared.calls == 1
    shared.away = False
    clock[0] += FIRST_S
    await cache.kept(text("acme", "q"), made())
    await settled(cache)
    assert await cache.kept(text("acme", "q"), made()) == "answer 6"


async def test_a_shared_layer_that_hangs_is_one_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits longer for a kept answer than it may take, and those after do not wait at all."""
    monkeypatch.setattr("muniment.api.caching.cache.PATIENCE_S", 0.01)

    class Hangs(MemoryShared):
        async def fetch(self, name: bytes) -> bytes | None:
            await asyncio.sleep(3600)
            return None

    made = Made()
    cache = TwoLayers(Hangs())
    async with asyncio.timeout(60):
        assert await cache.kept(text("acme", "q"), made()) == "answer 1"


async def test_a_failure_is_told_and_not_kept() -> None:
    """Who asks for what cannot be made hears why; the next one tries again."""
    made, cache = Made(), TwoLayers(MemoryShared())

    async def fails() -> str:
        raise ValueError("cannot")

    with pytest.raises(ValueError, match="cannot"):
        await cache.kept(text("acme", "q"), fails)
    assert await cache.kept(text("acme", "q"), made()) == "answer 1"


async def test_memory_lets_go_of_what_does_not_hold() -> None:
    """What a change has ended leaves the memory of an instance that nobody asks, soon after it is told to look."""
    shared, made, memory = MemoryShared(), Made(), Memory()
    async with TwoLayers(shared, memory=memory) as cache:
        await cache.kept(text("acme", "q"), made())
        await cache.kept(text("acme", "v", lasts=True), made())
        assert len(memory) == 2
        shared.changes["acme"] += 1
        cache.moved("chunks")
        async with asyncio.timeout(60):
            while len(memory) > 1:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)
        shared.away = True
        await cache.kept(text("umbrella", "q", lasts=True), made())
        cache.forget()
        assert len(memory) == 0


def test_memory_holds_a_thousand_and_nothing_huge() -> None:
    """The least recently used goes first, and what is larger than a bound is not held at all."""
    memory = Memory(2)
    for name in (b"a", b"b"):
        memory.put(name, "acme", "1 ", b"x")
    assert memory.get(b"a") == b"x"
    memory.put(b"c", "acme", "1 ", b"x")
    assert (memory.get(b"a"), memory.get(b"b"), memory.get(b"c")) == (b"x", None, b"x")
    memory.put(b"d", "acme", "1 ", bytes(300 * 1024))
    assert memory.get(b"d") is None


PART = st.text(max_size=8) | st.integers(-5, 5) | st.none()


@given(
    st.tuples(st.text(max_size=4), st.text(max_size=4), st.text(max_size=4), st.lists(PART, max_size=3)),
    st.tuples(st.text(max_size=4), st.text(max_size=4), st.text(max_size=4), st.lists(PART, max_size=3)),
)
def test_names_are_the_same_only_for_the_same(
    one: tuple[str, str, str, list[object]], two: tuple[str, str, str, list[object]]
) -> None:
    """Two answers have one name exactly when kind, tenant, generation and parts are all the same."""
    names = []
    for kind, tenant, generation, parts in (one, two):
        asked = text(tenant, *parts, kind=kind)  # type: ignore[arg-type]
        names.append(name_of(asked, generation))
    assert (names[0] == names[1]) == (one == two)


@given(st.lists(st.booleans(), max_size=30))
def test_a_rest_is_bounded_and_ends_when_it_works(outcomes: list[bool]) -> None:
    """However often it fails, it is tried again after at most the longest rest; after a success at once."""
    now = [0.0]
    rest = Rest(lambda: now[0])
    for worked in outcomes:
        (rest.worked if worked else rest.failed)()
        assert rest.over == worked
        now[0] += LONGEST_S
        assert rest.over
