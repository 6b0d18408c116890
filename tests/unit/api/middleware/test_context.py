"""What every answer carries: ids, trace, security headers, compression."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.middleware.trace import request_ids

TRACE = "0af7651916cd43dd8448eb211c80319c"


async def test_ids_are_kept_or_made(world):
    """A valid incoming request id and trace are kept; anything else is replaced."""
    async with world.client() as http:
        kept = await http.get(
            "/health/liveness",
            headers={"X-Request-ID": "req-0123456789abcdef", "traceparent": f"00-{TRACE}-b7ad6b7169203331-00"},
        )
        made = await http.get("/health/liveness", headers={"X-Request-ID": "x" * 500, "traceparent": "nonsense"})
    assert kept.headers["x-request-id"] == "req-0123456789abcdef"
    assert kept.headers["traceparent"].startswith(f"00-{TRACE}-")
    assert kept.headers["traceparent"].endswith("-00")
    assert "b7ad6b7169203331" not in kept.headers["traceparent"]
    assert re.fullmatch("req-[0-9a-f]{16}", made.headers["x-request-id"])


async def test_answers_carry_security_headers(world):
    """No sniffing, no framing, no caching, nothing to load; errors included."""
    async with world.client() as http:
        for path in ("/health", "/nothing", "/v1/documents"):
            headers = (await http.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert headers["cache-control"] == "no-store"


async def test_by_https_browsers_are_told_to_stay_there(world):
    """By http they are told nothing: whoever serves so has no other way."""
    async with world.client() as http:
        assert "strict-transport-security" not in (await http.get("/health")).headers
        http.base_url = "https://muniment"
        assert (await http.get("/health")).headers["strict-transport-security"] == "max-age=31536000"


async def test_large_answers_are_compressed(world):
    """From one KiB on an answer is gzipped for those who take it, and says to all that it depends on that."""
    async with world.client() as http:
        large = await http.get("/openapi.json", headers={"Accept-Encoding": "gzip"})
        small = await http.get("/health", headers={"Accept-Encoding": "gzip"})
        plain = await http.get("/openapi.json", headers={"Accept-Encoding": "identity"})
    assert large.headers["content-encoding"] == "gzip"
    assert large.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert large.json() == plain.json()
    assert "content-encoding" not in plain.headers
    assert not {"content-encoding", "vary"} & set(small.headers)


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_comes_in_the_ids_are_well_formed(request_id, traceparent):
    """Foreign headers never reach a log line as they are."""
    ids = request_ids(request_id, traceparent)
    assert re.fullmatch("req-[0-9a-zA-Z]{16}", ids.request_id)
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", ids.traceparent)


@pytest.mark.parametrize("bad", ["00-" + "0" * 32 + "-b7ad6b7169203331-01", "ff-" + TRACE + "-b7ad6b7169203331-01"])
def test_invalid_traces_are_replaced(bad):
    """An all-zero trace id and version ff are invalid (W3C)."""
    assert request_ids("", bad).trace_id not in bad


async def test_the_openapi_document_is_complete(world):
    """Every operation has an id, a summary, a tag and, where a key is needed, its problems."""
    document = world.app.openapi()
    ids = []
    for path, item in document["paths"].items():
        for operation in item.values():
            ids.append(operation["operationId"])
            assert operation["summary"]
            assert operation["tags"]
            if path.startswith("/v1"):
                assert operation["security"] == [{"ApiKey": []}], path
                assert {"401", "403"} <= operation["responses"].keys(), path
    assert len(ids) == len(set(ids))
    assert "HTTPValidationError" not in str(document)
