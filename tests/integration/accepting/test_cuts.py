"""The network breaks in the middle of a request: between a caller and the API, and between the API and Postgres."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import httpx2
import pytest
import uvicorn
from support.accepting import instance
from support.relay import Relay, relay_to

KEY = {"Idempotency-Key": '"upload"'}
WAIT_S = 1.0
ANSWERED = "select count(*) from muniment_access.idempotency where status is not null"


@pytest.fixture
async def relay(pair: Any) -> AsyncIterator[Relay]:
    """The way to the first instance, served on a port."""
    server = uvicorn.Server(uvicorn.Config(pair.one.app, port=0, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells by a flag only
        await asyncio.sleep(0.02)
    with relay_to(server.servers[0].sockets[0].getsockname()[1]) as made:
        yield made
    server.should_exit = True
    await serving


async def upload(pair: Any, relay: Relay, content: bytes, timeout_s: float = 90, **headers: str) -> httpx2.Response:
    """Upload a file over the relay."""
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{relay.port}", trust_env=False) as client:
        known = {"Authorization": f"Bearer {pair.key}"} | headers
        files = {"file": ("a.txt", content)}
        return await client.post("/v1/documents", files=files, headers=known, timeout=timeout_s)


async def claims(pair: Any) -> int:
    """How many claims there are."""
    return int(await pair.one.outbox._pool.fetchval("select count(*) from muniment_claims.claims"))


@pytest.mark.parametrize("headers", [{}, KEY], ids=["plain", "with a key"])
async def test_an_upload_cut_in_the_middle_leaves_nothing(pair: Any, relay: Relay, headers: dict[str, str]) -> None:
    """No command, no claim, no bytes; sent again, with or without a key, it is accepted once."""
    content = b"x" * 3_000_000
    relay.cut_after(1_000_000)
    with pytest.raises(httpx2.TransportError):
        await upload(pair, relay, content, **headers)
    relay.resume()
    async with asyncio.timeout(60):
        # The server hears of the end of the connection some time after its caller.
        while [path for path in (pair.folder / "blobs").rglob("*") if path.is_file()]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    assert (await pair.command_ids(), await claims(pair)) == ([], 0)
    assert not [path for path in (pair.folder / "blobs").rglob("*") if path.is_file()]
    done = await upload(pair, relay, content, **headers)
    assert done.status_code == 202
    assert await pair.command_ids() == [done.json()["job_id"]]


async def test_a_lost_answer_is_given_again(pair: Any, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request arrived, its answer did not: the repeat with the same key gets it, and nothing happens twice."""
    send = pair.one.log.send

    async def and_then_the_network_is_lost(record: Any) -> Any:
        done = await send(record)
        relay.stall()
        return done

    monkeypatch.setattr(pair.one.log, "send", and_then_the_network_is_lost)
    asking = asyncio.create_task(upload(pair, relay, b"hello", **KEY))
    async with asyncio.timeout(60):
        while not await pair.one.outbox._pool.fetchval(ANSWERED):  # noqa: ASYNC110 - rows
            await asyncio.sleep(0.02)
    assert not asking.done()
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    relay.resume()
    again = await upload(pair, relay, b"hello", **KEY)
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (202, "true")
    assert await pair.command_ids() == [again.json()["job_id"]]


@pytest.fixture
def postgres_relay(database_url: str) -> Iterator[Relay]:
    """The way to Postgres."""
    port = urlparse(database_url).port
    assert port
    with relay_to(port) as made:
        yield made


@asynccontextmanager
async def behind(relay: Relay, pair: Any) -> AsyncIterator[httpx2.AsyncClient]:
    """A caller of an instance whose Postgres is at the far end of the relay."""
    address = pair.database_url.replace(f":{urlparse(pair.database_url).port}/", f":{relay.port}/")
    made = instance(pair.bootstrap, address, Path(pair.folder), pair.prefix, wait_s=WAIT_S)
    async with made as api, api.client(pair.key) as client:
        yield client


@pytest.mark.parametrize("how", ["stall", "cut"])
async def test_without_postgres_a_request_is_told_so(pair: Any, postgres_relay: Relay, how: str) -> None:
    """Stalled or cut off: reads and changes are 503 with Retry-After and do not hang; mended, they go on."""
    async with behind(postgres_relay, pair) as client:
        await until_answered(client, 200)
        getattr(postgres_relay, how)()
        for method, path, body in (("GET", "/v1/documents", None), ("POST", "/v1/documents", {"text": "x"})):
            async with asyncio.timeout(60):
                answer = await client.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable"), answer.text
            assert int(answer.headers["Retry-After"]) >= 1
        postgres_relay.resume()
        await until_answered(client, 200)
        await until_answered(client, 202, {"text": "x"})
    assert len(await pair.command_ids()) == 1


async def until_answered(client: httpx2.AsyncClient, status: int, body: Any = None) -> None:
    """Ask until Postgres is quick enough for so short a limit."""
    async with asyncio.timeout(90):
        while True:
            answer = await client.request("POST" if body else "GET", "/v1/documents", json=body)
            if answer.status_code == status:
                return
            assert answer.json()["code"] == "database_unavailable", answer.text
            await asyncio.sleep(0.1)


async def test_a_pool_that_is_used_up_is_told(pair: Any) -> None:
    """All connections are held: the next caller gets an answer, not a place in a queue."""
    async with instance(pair.bootstrap, pair.database_url, Path(pair.folder), pair.prefix, wait_s=WAIT_S) as api:
        pool = api.outbox._pool
        held = [pool.acquire() for _ in range(8)]
        for one in held:
            await one.__aenter__()
        try:
            async with api.client(pair.key) as client:
                async with asyncio.timeout(60):
                    answer = await client.get("/v1/jobs")
                assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        finally:
            for one in held:
                await one.__aexit__(None, None, None)
