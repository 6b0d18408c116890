"""Search over HTTP: paging, filters, and what happens when the embedding endpoint is away."""

import pytest

from muniment.schemas.error_codes import ErrorCode


async def test_hits_come_in_pages(world):
    """Each page leads to the next; the last one leads nowhere."""
    world.add_hits(5)
    seen, cursor = [], None
    async with world.client() as http:
        while True:
            asked = {"q": "leave", "k": 2} | ({"cursor": cursor} if cursor else {})
            page = (await http.get("/v1/search", params=asked, headers=world.mine)).json()
            seen.append([hit["ordinal"] for hit in page["hits"]])
            cursor = page["next_cursor"]
            if not cursor:
                break
    assert seen == [[0, 1], [2, 3], [4]]
    assert page["mode"] == "hybrid"
    assert page["degraded"] is None
    assert page["took_ms"] >= 0


async def test_get_and_post_ask_the_same(world):
    """Filters mean the same in an address and in a body."""
    async with world.client() as http:
        await http.get("/v1/search?q=leave&metadata=project=handbook&media_type=text/plain", headers=world.mine)
        await http.post(
            "/v1/search",
            json={"q": "leave", "metadata": {"project": "handbook"}, "media_type": "text/plain"},
            headers=world.mine,
        )
    assert world.reads.asked[0] == world.reads.asked[1]
    assert world.reads.asked[0].metadata == {"project": "handbook"}
    assert world.reads.asked[0].vector == [1.0]


async def test_hybrid_falls_back_to_text_and_says_so(world):
    """Without vectors words still find something; the answer says what it is."""
    world.add_hits(1)
    world.embedder.fails = ErrorCode.PROVIDER_UNAVAILABLE
    async with world.client() as http:
        hybrid = await http.get("/v1/search?q=leave", headers=world.mine)
        text = await http.get("/v1/search?q=leave&mode=text", headers=world.mine)
        vector = await http.get("/v1/search?q=leave&mode=vector", headers=world.mine)
    assert (hybrid.status_code, hybrid.json()["mode"], hybrid.json()["degraded"]) == (
        200,
        "text",
        "embedding_unavailable",
    )
    assert text.json()["degraded"] is None
    assert "next_cursor" in hybrid.json()
    assert (vector.status_code, vector.json()["code"]) == (503, "embedding_unavailable")


async def test_pages_stay_with_what_the_first_was(world):
    """The arms order hits differently: a page by words is followed by one by words, though vectors are back."""
    world.add_hits(3)
    async with world.client() as http:
        world.embedder.fails = ErrorCode.PROVIDER_TIMEOUT
        words = (await http.get("/v1/search?q=leave&k=1", headers=world.mine)).json()
        world.embedder.fails = None
        asked = {"q": "leave", "k": 1, "cursor": words["next_cursor"]}
        second = (await http.get("/v1/search", params=asked, headers=world.mine)).json()
        both = (await http.get("/v1/search?q=leave&k=1", headers=world.mine)).json()
        world.embedder.fails = ErrorCode.PROVIDER_TIMEOUT
        asked["cursor"] = both["next_cursor"]
        third = await http.get("/v1/search", params=asked, headers=world.mine)
    assert (second["mode"], second["degraded"], both["mode"]) == ("text", "embedding_unavailable", "hybrid")
    assert third.status_code == 503


@pytest.mark.parametrize(
    "query", ["q=", "q=a&k=0", "q=a&k=101", "q=a&mode=x", "q=a&cursor=abc", "q=a%00b", "q=a&metadata=b"]
)
async def test_a_search_that_is_not_valid_is_refused(world, query):
    """Limits and cursors are checked before anything is asked."""
    async with world.client() as http:
        answer = await http.get(f"/v1/search?{query}", headers=world.mine)
    assert answer.status_code == 422
    assert not world.reads.asked
