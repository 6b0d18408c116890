"""Position tokens: made from places on the log, and waited for."""

from contextlib import suppress
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.position import from_token, to_token
from muniment.api.reads import Behind
from muniment.schemas.record import Position
from muniment.schemas.topics import COMMANDS_DOCUMENTS

TOPIC = COMMANDS_DOCUMENTS.name
positions = st.builds(Position, st.just(TOPIC), st.integers(0, 50), st.integers(0, 2**40))


@given(st.lists(positions, min_size=1, max_size=30))
def test_a_token_keeps_the_furthest_place_of_each_partition(given_positions):
    """What a token says is where each partition has to be."""
    furthest = {}
    for p in given_positions:
        furthest[p.partition] = max(furthest.get(p.partition, 0), p.offset)
    assert {p.partition: p.offset for p in from_token(to_token(given_positions))} == furthest


@given(st.text(max_size=200))
def test_other_text_is_no_token(text):
    """Whatever comes back from a caller is a token or a ValueError, never another error."""
    with suppress(ValueError):
        assert from_token(text)


async def test_a_read_waits_for_its_token(world):
    """The token goes to the projection that the read is from, with the wait that was asked for."""
    token = to_token([Position(TOPIC, 1, 2)])
    document_id = world.add_document()
    async with world.client() as http:
        await http.get(f"/v1/documents/{document_id}", headers=world.mine | {"Muniment-Position": token})
        await http.get(f"/v1/search?q=a&wait=0.5&position={token}", headers=world.mine)
        await http.get("/v1/documents", headers=world.mine)
    place = [Position(TOPIC, 1, 2)]
    assert world.reads.waited == [("documents", place, 5.0), ("chunks", place, 0.5)]


async def test_a_read_model_that_is_behind_says_how_far(world):
    """After the wait the answer is 503 with the distance, rather than an old answer that looks new."""
    world.reads.behind = Behind("documents", 7, 35, 42)
    token = to_token([Position(TOPIC, 1, 42)])
    async with world.client() as http:
        answer = await http.get("/v1/documents?wait=0", headers=world.mine | {"Muniment-Position": token})
    assert (answer.status_code, answer.json()["code"]) == (503, "read_model_behind")
    assert answer.json()["behind_records"] == 7
    assert answer.headers["retry-after"] == "1"


async def test_nobody_waits_without_a_key(world):
    """The key is looked at before the token."""
    async with world.client() as http:
        answer = await http.get(f"/v1/documents?position={to_token([Position(TOPIC, 1, 2)])}")
    assert answer.status_code == 401
    assert not world.reads.waited


@pytest.mark.parametrize("query", ["position=abc", "position=%20", "wait=31", "wait=-1", "wait=nan"])
async def test_a_wrong_token_or_wait_is_refused(world, query):
    """A token that Muniment never gave out is 422."""
    async with world.client() as http:
        answer = await http.get(f"/v1/jobs/{uuid4()}?{query}", headers=world.mine)
    assert answer.status_code == 422
