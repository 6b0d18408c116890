"""The end of a connection, from either side or from both at once."""

import asyncio
import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from starlette.websockets import WebSocketDisconnect, WebSocketState
from support.signed_in import MemorySessions

from muniment.api.channels.admitting import Credentials
from muniment.api.channels.connection import Connection
from muniment.api.keys import ApiKey, Scope
from muniment.api.live_channel.sessions import Sessions
from muniment.api.sessions import Person
from muniment.api.settings import ApiSettings
from muniment.api.signed_in import COOKIE


class Socket:
    """A client that says what is put into `inbox`, and leaves when that is nothing."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.cookies: dict[str, str] = {}
        self.client = None
        self.application_state = WebSocketState.CONNECTED
        self.inbox: asyncio.Queue[str | None] = asyncio.Queue()
        self.sent: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None

    async def receive_text(self) -> str:
        text = await self.inbox.get()
        if text is None:
            raise WebSocketDisconnect
        return text

    async def send_text(self, text: str) -> None:
        self.sent.append(json.loads(text))

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


class Keys:
    """One key."""

    async def find(self, token: str) -> ApiKey | None:
        return ApiKey("a", "acme", frozenset({Scope.SEARCH}), "a", datetime.now(UTC)) if token == "good" else None


async def begun(
    socket: Socket, sessions: Sessions, signed_in: MemorySessions | None = None
) -> tuple[Connection, "asyncio.Task[None]"]:
    """A connection that was greeted: by a key, or by the cookie that the socket brings where there are sessions."""
    deps = cast("Any", SimpleNamespace(keys=Keys(), settings=ApiSettings(), sessions=signed_in))
    held: list[Connection] = []

    async def run() -> None:
        held.append(Connection(deps, sessions, cast("Any", socket)))
        await held[0].run(Credentials(by_cookie=True) if signed_in else Credentials("good"))

    task = asyncio.create_task(run())
    async with asyncio.timeout(60):
        while not socket.sent:  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0)
    return held[0], task


async def test_a_client_who_leaves_while_the_process_stops_ends_quietly(monkeypatch: Any) -> None:
    """The end of the process meets a connection that is ending by itself: nothing is raised, nothing stays open."""
    socket, sessions = Socket(), Sessions(ApiSettings())
    connection, task = await begun(socket, sessions)
    last_words = connection._last_words

    async def meanwhile(session: Any) -> None:
        sessions.close()
        await asyncio.sleep(0)
        await last_words(session)

    monkeypatch.setattr(connection, "_last_words", meanwhile)
    socket.inbox.put_nowait(None)
    async with asyncio.timeout(60):
        await task
    assert not sessions._open


async def test_a_process_that_stops_tells_its_clients() -> None:
    """They are told to come back, and closed with the code for a restart."""
    socket, sessions = Socket(), Sessions(ApiSettings())
    _, task = await begun(socket, sessions)
    sessions.close()
    async with asyncio.timeout(60):
        await task
    assert socket.sent[-1]["type"] == "reconnect"
    assert socket.closed == (1012, "shutting_down")


async def test_whoever_sends_nonsense_on_and_on_is_let_go() -> None:
    """Each refused message is told; after fifty in a row the connection ends."""
    socket, sessions = Socket(), Sessions(ApiSettings())
    _, task = await begun(socket, sessions)
    for _ in range(60):
        socket.inbox.put_nowait("nonsense")
    async with asyncio.timeout(60):
        await task
    assert {message["problem"]["code"] for message in socket.sent[1:]} == {"invalid_request"}
    assert socket.closed == (1008, "invalid_request")


async def test_being_connected_is_no_use_of_a_session() -> None:
    """Its heartbeat prolongs nothing; what somebody says does."""
    socket, signed_in = Socket(), MemorySessions()
    token = await signed_in.begin(Person("acme", "3f2a", "Somebody", frozenset({Scope.SEARCH})))
    socket.cookies = {COOKIE: token}
    _, task = await begun(socket, Sessions(ApiSettings()), signed_in)
    for _ in range(3):
        socket.inbox.put_nowait('{"type": "ping"}')
    async with asyncio.timeout(60):
        while len(socket.sent) < 4:  # noqa: ASYNC110 - the fake tells nobody
            await asyncio.sleep(0)
    assert signed_in.uses == []
    socket.inbox.put_nowait('{"type": "cancel", "id": "a"}')
    socket.inbox.put_nowait(None)
    async with asyncio.timeout(60):
        await task
    assert signed_in.uses == [token]
