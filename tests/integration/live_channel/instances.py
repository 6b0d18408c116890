"""An instance as a client of its WebSocket sees it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from projected_story import DIMENSIONS, vector_of
from websockets.asyncio.client import ClientConnection, connect

from muniment.api.live_channel.sessions import Sessions
from muniment.producers.embedding.embedder import Embedded
from muniment.producers.writing.writer import Asked, Finished, Writing
from muniment.schemas.audit import ActionAudited
from muniment.schemas.codec import decode
from muniment.schemas.record import Record


class Slow:
    """A model that says what it is told to, each piece when `go` lets it; before piece `rests_at` it waits anew."""

    provider, model = "openai", "toy"

    def __init__(self) -> None:
        self.pieces: list[str] = ["Annual leave is ", "25 days [1]."]
        self.go = asyncio.Event()
        self.go.set()
        self.rests_at = -1
        self.asked = asyncio.Event()
        self.closed = 0

    async def _write(self) -> Writing:
        self.asked.set()
        try:
            for place, piece in enumerate(self.pieces):
                if place == self.rests_at:
                    self.go.clear()
                await self.go.wait()
                yield piece
            yield Finished("stop", 0, 0, "toy")
        finally:
            self.closed += 1

    def write(self, asked: Asked) -> Writing:
        """The pieces."""
        assert asked.sources
        return self._write()


class Vectors:
    """A model of the length that the stories have."""

    model, dimensions = "toy", DIMENSIONS

    async def embed(self, texts: Sequence[str], *, purpose: str) -> Embedded:
        """A vector that depends on the text alone."""
        assert purpose == "query"
        return Embedded(np.stack([vector_of(text) for text in texts]), len(texts))


@dataclass
class Client:
    """One connection, and what it was sent."""

    socket: ClientConnection
    hello: dict[str, Any] = field(default_factory=dict)
    got: list[dict[str, Any]] = field(default_factory=list)

    async def send(self, kind: str, **fields: Any) -> None:
        """Send a message."""
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def receive(self, timeout_s: float = 60) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(timeout_s):
            message: dict[str, Any] = json.loads(await self.socket.recv())
        self.got.append(message)
        return message

    async def until(self, kind: str) -> dict[str, Any]:
        """The next message of a kind; what comes before is remembered."""
        while (message := await self.receive())["type"] != kind:
            pass
        return message

    def kinds(self) -> list[str]:
        """What it was sent."""
        return [message["type"] for message in self.got]


@dataclass
class Instance:
    """A served instance: its address, keys of two tenants and one without the scope, and what is behind it."""

    url: str
    mine: str
    theirs: str
    weak: str
    app: Any
    writer: Slow
    entries: list[Record]
    live: Sessions

    @asynccontextmanager
    async def client(self, key: str | None = None, **how: Any) -> AsyncIterator[Client]:
        """A connection that was greeted."""
        headers = {"Authorization": f"Bearer {key or self.mine}"}
        async with connect(self.url, additional_headers=headers, proxy=None, compression=None, **how) as socket:
            client = Client(socket)
            client.hello = await client.until("hello")
            yield client

    async def entered(self, action: str) -> None:
        """Wait until an action is on the log: entries gather for a moment before they go there."""
        async with asyncio.timeout(60):
            while action not in {entry[0] for entry in self.audited()}:  # noqa: ASYNC110 - the trail tells nobody
                await asyncio.sleep(0.01)

    def audited(self) -> list[tuple[Any, ...]]:
        """The entries of the trail so far: action, documents, whether there is a mark of a question."""
        found = [decode(record, lambda _: None).event for record in self.entries]
        return [
            (e.action, tuple(str(d.document_id) for d in e.documents), bool(e.query_mark))
            for e in found
            if isinstance(e, ActionAudited)
        ]
