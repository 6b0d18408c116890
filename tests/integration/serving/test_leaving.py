"""A server that leaves drops no request of a caller who had a connection, kept or new."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI
from support.ports import free_port

from muniment.infra.serving import serve

ASK = b"POST /well HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}"
CALLERS = 30
ENDS_WITHIN_S = 60
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Served:
    """A server of its own in this process, and how to end it."""

    port: int = field(default_factory=free_port)
    app: FastAPI = field(default_factory=FastAPI)

    async def connect(self) -> Connection:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def refuses(self) -> None:
        """Return when it takes no more connections."""
        while True:
            try:
                _, writer = await self.connect()
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.01)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    made = Served()

    @made.app.post("/well")
    async def well() -> str:
        return "well"

    task = asyncio.create_task(serve(made.app, "127.0.0.1", made.port, drain_s=0.2))
    while True:
        try:
            _, writer = await made.connect()
        except ConnectionRefusedError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            break
    yield made
    await asyncio.wait_for(task, ENDS_WITHIN_S)


async def ask(connection: Connection) -> bytes:
    """Head and body, or as much as came before the connection ended."""
    reader, writer = connection
    got = b""
    try:
        writer.write(ASK)
        while not got.endswith(b'"well"') and (more := await reader.read(4096)):
            got += more
    except ConnectionError:
        pass
    return got


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "new"])
async def test_a_connection_is_heard_out_after_the_socket_has_closed(served: Served, *, kept: bool) -> None:
    """Who had a connection when the server stopped listening is answered on it, and told to close it."""
    connection = await served.connect()
    if kept:
        assert b"connection: close" not in await ask(connection)
    os.kill(os.getpid(), signal.SIGTERM)
    await served.refuses()
    last = await ask(connection)
    connection[1].close()
    assert b"200 OK" in last
    assert b"connection: close" in last


async def test_callers_that_never_cease_are_each_answered_or_refused(served: Served) -> None:
    """Of many callers who connect, think, ask and keep the connection, none loses a request to the end of a server."""
    answers: list[bytes] = []

    async def call(number: int) -> None:
        while True:
            try:
                connection = await served.connect()
            except ConnectionRefusedError:
                return
            last = b"200 OK"
            while b"200 OK" in last and b"connection: close" not in last:
                await asyncio.sleep(0.001 * number)
                last = await ask(connection)
                answers.append(last)
            connection[1].close()

    callers = [asyncio.create_task(call(number)) for number in range(CALLERS)]
    while len(answers) < 2 * CALLERS:  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.gather(*callers)
    assert [one for one in answers if b"200 OK" not in one] == []


async def test_a_fast_stop_does_not_wait_for_callers_who_rest(served: Served) -> None:
    """On SIGINT all goes: a connection on which nothing is asked is ended by the server, and the server with it."""
    reader, writer = connection = await served.connect()
    assert b"200 OK" in await ask(connection)
    os.kill(os.getpid(), signal.SIGINT)
    assert await reader.read() == b""
    writer.close()
