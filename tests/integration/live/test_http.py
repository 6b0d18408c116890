"""Streams over HTTP: what goes over the wire, who may listen, and what happens when either side leaves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from time import monotonic
from typing import Any, cast

import asyncpg
import httpx2
import pytest
import uvicorn
from projected_story import Log, ReadModel, Story
from support.listening import events_of

from muniment.api.app import create_app
from muniment.api.dependencies import Dependencies
from muniment.api.key_store import PostgresKeyStore
from muniment.api.keys import Scope, create_key
from muniment.api.live.hub import Hub
from muniment.api.live.postgres_feed import PostgresFeed
from muniment.api.postgres_reads import PostgresReads
from muniment.api.settings import ApiSettings
from muniment.projections.waiting import Waiting
from muniment.schemas.metrics import HTTP_DURATION, SSE_CONNECTIONS_OPEN, SSE_RECONNECT_COUNT

TEXTS = ("one", "two", "three")


@dataclass
class Instance:
    """An API instance on a port of its own."""

    url: str
    hub: Hub
    server: uvicorn.Server
    leaving: asyncio.Event
    mine: dict[str, str]
    theirs: dict[str, str]

    def client(self) -> httpx2.AsyncClient:
        """A client without a key."""
        return httpx2.AsyncClient(base_url=self.url, timeout=90, trust_env=False)


@asynccontextmanager
async def served(pool: asyncpg.Pool, url: str, settings: ApiSettings | None = None) -> AsyncIterator[Instance]:
    """An instance that serves reads and streams; what writes is not there."""
    chosen, nothing = settings or ApiSettings(), cast("Any", None)
    async with Waiting(pool, url) as waiting, Hub(PostgresFeed(pool), chosen) as hub:
        waiting.tell(hub.moved)
        dependencies = Dependencies(
            publisher=nothing,
            codec=nothing,
            key_ring=nothing,
            claims=nothing,
            keys=PostgresKeyStore(pool),
            reads=PostgresReads(pool, waiting),
            embedder=nothing,
            settings=chosen,
            streams=hub,
        )
        app = create_app(dependencies)
        app.state.leaving = asyncio.Event()
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="on"))
        server.capture_signals = nullcontext  # type: ignore[method-assign]
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn tells by a flag only
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        keys = [await create_key(pool, tenant=t, name=t, scopes=list(Scope)) for t in ("acme", "umbrella")]
        headers = [{"Authorization": f"Bearer {key.token}"} for key in keys]
        try:
            yield Instance(f"http://127.0.0.1:{port}", hub, server, app.state.leaving, *headers)
        finally:
            app.state.leaving.set()
            server.should_exit = True
            async with asyncio.timeout(60):
                await serving


@pytest.fixture
async def instance(pool: asyncpg.Pool, database_url: str) -> AsyncIterator[Instance]:
    """One instance."""
    async with served(pool, database_url) as made:
        yield made


async def read(pieces: AsyncIterator[str], until: str) -> str:
    """What is sent until this text stands in it, or to the end. Who lets go of `pieces` hangs up."""
    text = ""
    async for piece in pieces:
        text += piece
        if until in text:
            return text
    return text


async def test_a_job_is_followed_with_nothing_but_a_get(instance: Instance, read_model: ReadModel, log: Log) -> None:
    """The answer is an event stream that nobody on the way may hold back or pack; it ends by itself with the job."""
    story = Story(log, TEXTS)
    await story.tell()
    await read_model.fold("jobs", log.records[:2])
    async with (
        instance.client() as http,
        http.stream(
            "GET", f"/v1/jobs/{story.job}/events", headers=instance.mine | {"Accept-Encoding": "gzip"}
        ) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert (answer.headers["cache-control"], answer.headers["x-accel-buffering"]) == ("no-store", "no")
        assert not {"content-encoding", "content-length"} & set(answer.headers)
        whole = asyncio.create_task(read(answer.aiter_text(), "never"))
        await asyncio.sleep(0.2)
        await read_model.fold("jobs", log.records)
        await read_model.fold("chunks", log.records)
        async with asyncio.timeout(60):
            text = await whole
        assert text.startswith("retry: ")
        events = events_of(text)
        assert (events[0].name, events[-1].name) == ("snapshot", "end")
        shown = (await http.get(f"/v1/jobs/{story.job}", headers=instance.mine)).json()
        assert events[-1].data == shown
        back = await http.get(
            f"/v1/jobs/{story.job}/events", headers=instance.mine | {"Last-Event-ID": events[-1].event_id or ""}
        )
        assert back.status_code == 204
        late = events_of((await http.get(f"/v1/jobs/{story.job}/events", headers=instance.mine)).text)
        assert [e.name for e in late] == ["snapshot", "end"]
        rest = await http.get(
            f"/v1/jobs/{story.job}/events", headers=instance.mine | {"Last-Event-ID": events[1].event_id or ""}
        )
        assert [e.told for e in events_of(rest.text)] == [e.told for e in events[2:]]


async def test_who_may_not_listen_is_told_so(instance: Instance, read_model: ReadModel, log: Log) -> None:
    """No key, another tenant's job, no job, a malformed id: each gets a problem, not a stream."""
    story = Story(log, TEXTS)
    await story.command()
    await read_model.fold("jobs", log.records)
    own = f"/v1/jobs/{story.job}/events"
    async with instance.client() as http:
        assert (await http.get("/v1/jobs/events")).status_code == 401
        assert (await http.get(own)).status_code == 401
        assert (await http.get(own, headers=instance.theirs)).status_code == 404
        bad = await http.get(own, headers=instance.mine | {"Last-Event-ID": "hello"})
        assert (bad.status_code, bad.json()["code"]) == (422, "invalid_request")
        assert "Last-Event-ID" in bad.json()["detail"]
        twice = await http.get("/v1/jobs/events?lane=bulk&lane=normal", headers=instance.mine)
        assert twice.status_code == 422


async def test_a_key_with_too_many_streams_is_told_when_to_come_back(pool: asyncpg.Pool, database_url: str) -> None:
    """The stream after the last that is allowed is 429; when one is closed, another may be opened."""
    async with served(pool, database_url, ApiSettings(streams_per_key=1)) as instance, instance.client() as http:
        async with http.stream("GET", "/v1/jobs/events", headers=instance.mine) as answer:
            pieces = answer.aiter_text()
            await read(pieces, "snapshot")
            refused = await http.get("/v1/jobs/events", headers=instance.mine)
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_streams")
            assert int(refused.headers["retry-after"]) > 0
            async with http.stream("GET", "/v1/jobs/events", headers=instance.theirs) as other:
                assert other.status_code == 200
        deadline = monotonic() + 60
        status = 429
        while status == 429 and monotonic() < deadline:
            async with http.stream("GET", "/v1/jobs/events", headers=instance.mine) as again:
                status = again.status_code
        assert status == 200


async def test_a_client_who_leaves_is_forgotten_at_once(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The count of open streams goes down without waiting for the next thing to be sent; comings back are counted."""
    monkeypatch.setattr("muniment.api.live.hub.PING_S", 3600.0)
    answered = timed()
    before, back = SSE_CONNECTIONS_OPEN._value.get(), SSE_RECONNECT_COUNT._value.get()
    async with instance.client() as http:
        async with http.stream("GET", "/v1/jobs/events", headers=instance.mine) as answer:
            pieces = answer.aiter_text()
            text = await read(pieces, "snapshot")
            assert SSE_CONNECTIONS_OPEN._value.get() == before + 1
        async with asyncio.timeout(60):
            while SSE_CONNECTIONS_OPEN._value.get() > before:  # noqa: ASYNC110 - a metric
                await asyncio.sleep(0.01)
        last = events_of(text)[0].event_id or ""
        async with http.stream("GET", "/v1/jobs/events", headers=instance.mine | {"Last-Event-ID": last}) as answer:
            assert answer.status_code == 200
    assert SSE_RECONNECT_COUNT._value.get() == back + 1
    assert timed() == answered


def timed() -> float:
    """How many requests for streams were timed: how long somebody listened is no time of an answer."""
    return sum(
        s.value
        for m in HTTP_DURATION.collect()
        for s in m.samples
        if s.labels["route"] == "/v1/jobs/events" and s.name.endswith("_count")
    )


async def test_an_instance_that_stops_ends_its_streams(pool: asyncpg.Pool, database_url: str) -> None:
    """Of fifty streams each gets a hint to come back, and ends."""
    async with served(pool, database_url) as instance, instance.client() as http, asyncio.TaskGroup() as group:

        async def one() -> str:
            async with http.stream("GET", "/v1/jobs/events", headers=instance.mine) as answer:
                return await read(answer.aiter_text(), "never")

        texts = [group.create_task(one()) for _ in range(50)]
        async with asyncio.timeout(60):
            while len(instance.hub._streams) < 50:  # noqa: ASYNC110 - not told otherwise
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.2)
        instance.leaving.set()
        instance.server.should_exit = True
    last = [events_of(text.result())[-1] for text in texts]
    assert {event.name for event in last} == {"reconnect"}
    assert last[0].data["reason"] == "shutting_down"
