"""What `muniment doctor` says of a process of ours that is there, and in which something waits."""

from functools import partial

import httpx2
import pytest

from muniment.infra import own_health
from muniment.infra.stack import health

GIVE_UP = "`muniment keys give-up --key 7`"
WAIT = {"step": "chunking", "position": "t:0:4", "code": "key_ring_unusable", "detail": GIVE_UP, "records": 2}
MODEL = {"running": False, "state": "waiting_for_keys", "error": GIVE_UP, "for_s": 3.0}


def answers(monkeypatch, status, **named):
    """Every request is answered so."""
    transport = httpx2.MockTransport(lambda request: httpx2.Response(status, request=request, **named))
    monkeypatch.setattr(health.httpx2, "AsyncClient", partial(httpx2.AsyncClient, transport=transport))


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, {"waits": [WAIT | {"for_s": 60.0}]}, f"chunking waits: t:0:4, and 1 more: key_ring_unusable: {GIVE_UP}"),
        (503, {"ok": False, "parts": {"jobs": MODEL}}, f"jobs: waiting_for_keys: {GIVE_UP}"),
        (503, {"ok": False, "parts": {"jobs": {"running": False}}}, "jobs"),
        (503, {"ok": False, "parts": {}}, "answers 503"),
        (503, [], "answers 503"),
    ],
)  # fmt: skip
async def test_what_waits_is_named_with_what_to_do(monkeypatch, status, body, said):
    """A status alone sends nobody to the right command."""
    answers(monkeypatch, status, json=body)
    with pytest.raises(ConnectionError) as told:
        await health.own("http://127.0.0.1:1/health")
    assert str(told.value).endswith(said)


@pytest.mark.parametrize(
    "body",
    [
        {"ok": True, "parts": {"jobs": {"running": True}}, "waits": []},
        {"ok": True, "waits": [WAIT | {"for_s": own_health.WAITED_S - 1}]},
        {"ok": True, "standing_by": True, "parts": {"jobs": {"running": False}}},
        {"status": "ok"},
    ],
)
async def test_what_is_well_answers(monkeypatch, body):
    """A wait of a moment, and a worker that stands by, are well; so is the API, which tells of other things."""
    answers(monkeypatch, 200, json=body)
    assert await health.own("http://127.0.0.1:1/health") == "answers"


async def test_what_is_no_json_is_told_by_its_status(monkeypatch):
    """A proxy in between, say."""
    answers(monkeypatch, 502, text="<html>")
    with pytest.raises(ConnectionError, match="answers 502"):
        await health.own("http://127.0.0.1:1/health")
