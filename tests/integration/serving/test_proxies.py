"""A real server before which a proxy stands, or somebody who says so."""

import asyncio
import os
import signal

import httpx2
import pytest
from fastapi import FastAPI, Request
from support.ports import free_port

from muniment.infra.serving import serve

SAID = {"X-Forwarded-For": "192.0.2.66, 198.51.100.4", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [((), ["127.0.0.1", "http"]), (("127.0.0.0/8",), ["198.51.100.4", "https"])],
    ids=["nobody trusted", "peer trusted"],
)
async def test_a_server_believes_headers_from_the_proxies_of_its_settings_alone(
    monkeypatch: pytest.MonkeyPatch, proxies: tuple[str, ...], seen: list[str]
) -> None:
    """Not from a peer on the same machine, nor for what uvicorn's own variable says."""
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    app, port = FastAPI(), free_port()

    @app.get("/")
    async def who(request: Request) -> list[str]:
        assert request.client is not None
        return [request.client.host, request.url.scheme]

    server = asyncio.create_task(serve(app, "127.0.0.1", port, drain_s=0, trusted_proxies=proxies))
    async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as http:
        while True:
            try:
                answer = await http.get("/", headers=SAID)
            except httpx2.ConnectError:
                await asyncio.sleep(0.02)
            else:
                break
    os.kill(os.getpid(), signal.SIGINT)
    await server
    assert answer.json() == seen
