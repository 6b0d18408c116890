"""A server that ends hears out everyone who had reached it, however busy it is at that moment."""

import asyncio
import os
import signal
import socket
import time

import pytest
from fastapi import FastAPI
from support.ports import free_port

from muniment.infra.serving import serve

ASK = b"GET /well HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.mark.parametrize("kept", [True, False], ids=["on a kept connection", "on a new connection"])
async def test_a_request_that_came_while_the_loop_was_busy_with_ending_is_answered(*, kept: bool) -> None:
    """The kernel has the request, the server has not read it yet, and then it closes: no reset, but an answer."""
    app = FastAPI()

    @app.get("/well")
    async def well() -> str:
        return "well"

    port = free_port()
    server = asyncio.create_task(serve(app, "127.0.0.1", port, drain_s=0))
    caller = await until_connected(port)
    caller.sendall(ASK)
    assert b"200 OK" in await answer(caller)
    callers = [caller]

    async def busy() -> None:
        """Runs right before the server closes, in the same turn of the loop: nothing is read in between."""
        await app.state.leaving.wait()
        if not kept:
            callers.append(socket.create_connection(("127.0.0.1", port), 60))
        callers[-1].sendall(ASK)
        time.sleep(0.05)  # noqa: ASYNC251 - a busy loop is what this is about

    ending = asyncio.create_task(busy())
    await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGTERM)
    await ending
    try:
        last = await answer(callers[-1])
    finally:
        for one in callers:
            one.close()
        await asyncio.wait_for(server, 60)
    assert b"200 OK" in last
    assert b"connection: close" in last


async def answer(caller: socket.socket) -> bytes:
    """Head and body, or as much as came before the connection ended."""
    got = b""
    while not got.endswith(b'"well"') and (more := await asyncio.to_thread(caller.recv, 4096)):
        got += more
    return got


async def until_connected(port: int) -> socket.socket:
    for _ in range(3000):
        try:
            return await asyncio.to_thread(socket.create_connection, ("127.0.0.1", port), 60)
        except ConnectionRefusedError:
            await asyncio.sleep(0.02)
    raise AssertionError("the server does not listen")
