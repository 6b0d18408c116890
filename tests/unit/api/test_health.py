"""Health tells which part is away; metrics go by route, not by address."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from muniment.api.operation_reads.answers import Breaker, StepState
from muniment.schemas.flags import FLAGS


async def test_readiness_follows_the_required_parts(world):
    """An optional part that is away degrades; a required one stops readiness, and never liveness."""
    async with world.client() as http:
        assert (await http.get("/health")).json() == {"status": "ok"}
        world.away.add("embeddings")
        assert (await http.get("/health")).json() == {"status": "degraded"}
        assert (await http.get("/health/readiness")).status_code == 200
        world.away.add("database")
        refused = await http.get("/health/readiness")
        assert (refused.status_code, refused.json()["parts"]) == (503, {"database": "away"})
        assert (await http.get("/health")).status_code == 503
        assert (await http.get("/health/liveness")).json() == {"status": "ok"}


async def test_an_instance_that_is_stopping_is_not_ready(world):
    """It still answers, lives and is well; only new callers are to go elsewhere."""
    world.app.state.leaving = asyncio.Event()
    async with world.client() as http:
        assert (await http.get("/health/readiness")).status_code == 200
        world.app.state.leaving.set()
        assert (await http.get("/health/readiness")).status_code == 503
        assert (await http.get("/health/liveness")).status_code == 200


async def test_startup_waits_for_the_lifespan(world):
    """Started is what the server says after wiring."""
    async with world.client() as http:
        assert (await http.get("/health/startup")).status_code == 503
        world.app.state.started = True
        assert (await http.get("/health/startup")).json() == {"status": "ok"}


async def test_detailed_health_has_all_parts(world):
    """Parts, workers, queue, memory, CPU, connections, uptime and lag."""
    world.away.add("embeddings")
    async with world.client() as http:
        found = (await http.get("/health/detailed")).json()
    assert found["status"] == "degraded"
    assert found["parts"]["database"]["status"] == "ok"
    assert found["parts"]["embeddings"]["facts"] == {"error": "ConnectionError"}
    assert found["worker_system"] == {"enabled": True, "type": "faust", "workers": 3, "queue_length": 2}
    assert found["memory"]["rss_mib"] > 0
    assert found["uptime_s"] >= 0
    assert found["projection_lag"] == {"documents": 0}


async def test_detailed_health_tells_everybody_states_and_numbers_only(world):
    """Which record a part waits for, its key and the command that ends it are not for who has no key of the API."""

    async def told():
        return {"documents": {"state": "running", "lag": 3, "error": "key 7", "drift": {"rows": 1, "named": ["a row"]}},
                "waits": [{"step": "extracting", "for_s": 60.0, "position": "a:0:4", "detail": "key 7"}]}  # fmt: skip

    world.app.state.dependencies.optional["projections"] = told
    async with world.client() as http:
        found = (await http.get("/health/detailed")).json()
    assert found["parts"]["projections"]["facts"] == {
        "documents": {"state": "running", "lag": 3, "drift": {"rows": 1}},
        "waits": [{"step": "extracting", "for_s": 60.0}],
    }


async def test_detailed_health_says_where_the_steps_run(world):
    """In the API's processes once the flag is turned; how many, nobody knows while the broker says nothing."""
    world.workers.flag, world.workers.processes = False, None
    async with world.client() as http:
        found = (await http.get("/health/detailed")).json()
    assert found["worker_system"] == {"enabled": False, "type": "inline", "workers": None, "queue_length": 2}


async def test_detailed_health_shows_what_is_not_as_ever(world):
    """Halted steps and open breakers degrade; flags and waiting dead letters are shown."""
    async with world.client() as http:
        assert (await http.get("/health/detailed")).json()["status"] == "ok"
        world.reads.add_letters(3)
        world.reads.halted = [StepState(name="embedding", state="halted")]
        world.reads.opened = [Breaker(name="blobs", state="open")]
        found = (await http.get("/health/detailed")).json()
    assert found["status"] == "degraded"
    assert found["operations"] == {
        "halted_steps": ["embedding"],
        "open_breakers": ["blobs"],
        "flags": {name: flag.default for name, flag in FLAGS.items()},
        "dead_letters_waiting": 3,
    }


@pytest.mark.parametrize(
    ("name", "due_in_s", "counts"),
    [("fetching:0a1b", 30, True), ("fetching:0a1b", -1, False), ("fetching", -1, True), ("embedding", -1, True)],
)
async def test_a_host_that_nobody_calls_any_more_degrades_nothing(world, name, due_in_s, counts):
    """Its pause is over, and only a call would close its breaker; a service of ours is called, and so stays open."""
    due = datetime.now(UTC) + timedelta(seconds=due_in_s)
    world.reads.opened = [Breaker(name=name, state="open", retry_at=due)]
    async with world.client() as http:
        found = (await http.get("/health/detailed")).json()
    assert found["status"] == ("degraded" if counts else "ok")
    assert found["operations"]["open_breakers"] == [name] * counts


async def test_metrics_are_labelled_by_route(world):
    """An id never becomes a label, and neither does an address that leads nowhere."""
    document_id = uuid4()
    async with world.client() as http:
        await http.get(f"/v1/documents/{document_id}", headers=world.mine)
        await http.get("/wp-admin.php")
        text = (await http.get("/metrics")).text
    assert 'http_requests_total{method="GET",route="/v1/documents/{document_id}",status="404"}' in text
    assert 'route="unmatched"' in text
    assert str(document_id) not in text
    assert "wp-admin" not in text
    assert "rag_queue_length 2.0" in text
