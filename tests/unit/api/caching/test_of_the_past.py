"""What is kept for searches of a past moment: the question's vector, and nothing that was found."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from support.caching import MemoryShared

from muniment.api.app import create_app
from muniment.api.caching.cache import TwoLayers

THEN, LATER = "2026-01-02T03:04:05Z", "2026-01-03T03:04:05Z"


@pytest.fixture
def embedded(world, monkeypatch) -> list[str]:
    """What was embedded, by an API with a cache of two layers."""
    texts: list[str] = []
    embed = world.embedder.embed

    async def counted(asked: Sequence[str], *, purpose: str) -> Any:
        texts.extend(asked)
        return await embed(asked, purpose=purpose)

    monkeypatch.setattr(world.embedder, "embed", counted)
    world.app = create_app(replace(world.dependencies(), cache=TwoLayers(MemoryShared())))
    return texts


async def hits(world, **asked: Any) -> dict[str, Any]:
    """The answer to a question."""
    async with world.client() as http:
        told = await http.get("/v1/search", params={"q": "leave"} | asked, headers=world.mine)
        assert told.status_code == 200, told.text
        found: dict[str, Any] = told.json()
        return found


@pytest.mark.parametrize("first", [{}, {"as_of": THEN}], ids=["live", "past"])
async def test_a_question_is_embedded_once_whatever_moment_it_is_asked_of(world, embedded, first):
    """Its vector does not depend on the moment: of then, of later and of now, in either order."""
    for asked in (first, {"as_of": THEN}, {"as_of": LATER}, {}):
        await hits(world, **asked)
    assert embedded == ["leave"]


async def test_answers_of_then_and_of_now_are_never_given_for_each_other(world, embedded):
    """What is found as of a moment is read each time and not kept; the answer of now stays the one that was kept."""
    await hits(world, as_of=THEN)
    world.add_hits(1)
    assert len((await hits(world))["hits"]) == 1
    world.add_hits(1)
    assert [len((await hits(world, as_of=THEN))["hits"]) for _ in range(2)] == [2, 2]
    world.add_hits(1)
    assert [len((await hits(world, **asked))["hits"]) for asked in ({}, {"as_of": THEN})] == [1, 3]
    assert embedded == ["leave"]


async def test_pages_of_then_follow_each_other_with_one_vector(world, embedded):
    """Each page as of a moment is another answer to the same question, which is embedded for the first alone."""
    world.add_hits(3)
    seen, cursor = [], None
    while True:
        page = await hits(world, as_of=THEN, k=1, **({"cursor": cursor} if cursor else {}))
        seen += [hit["ordinal"] for hit in page["hits"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [0, 1, 2]
    assert embedded == ["leave"]
