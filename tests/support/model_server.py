"""A server that speaks the protocols of OpenAI and Anthropic: what was recorded of them, or an answer to the prompt.

Faults are exchanges like any other: a status, a hang, a stream that is cut, garbage.
"""

import asyncio
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

RECORDINGS = Path(__file__).parent / "recordings"
PROTOCOLS = {"/v1/chat/completions": "openai", "/v1/messages": "anthropic"}
_PASSAGE = re.compile(r"^\[(\d+)\] [^\n]*\n(.+?)(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Exchange:
    """What is answered to one request.

    Attributes:
        events: Server-sent events as text, sent one by one, `gap_s` apart.
        body: What is sent instead, at once.
        wait_s: How long it takes to begin.
        hang_after: After so many events nothing more comes.
        cut_after: After so many events the connection is broken.

    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("content-type", "text/event-stream"),)
    events: tuple[str, ...] = ()
    body: bytes | None = None
    gap_s: float = 0.0
    wait_s: float = 0.0
    hang_after: int | None = None
    cut_after: int | None = None


@dataclass
class Call:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    closed: asyncio.Event = field(default_factory=asyncio.Event)


@cache
def _recordings(protocol: str) -> dict[str, Any]:
    return json.loads((RECORDINGS / f"{protocol}.json").read_text("utf-8"))["exchanges"]


def recorded(protocol: str, name: str, **how: Any) -> Exchange:
    """A recorded exchange; `how` changes it (see `Exchange`)."""
    found = _recordings(protocol)[name]
    headers = tuple(found["headers"].items())
    if "body" in found:
        return Exchange(found["status"], headers, body=json.dumps(found["body"]).encode(), **how)
    if "raw" in found:
        return Exchange(found["status"], headers, (found["raw"],), **how)
    return Exchange(found["status"], headers, tuple(map(event, found["events"])), **how)


def event(data: Any) -> str:
    """One server-sent event; Anthropic's carry their type as the event's name, too."""
    named = f"event: {data['type']}\n" if isinstance(data, dict) and "type" in data and "id" not in data else ""
    return f"{named}data: {data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)}\n\n"


def saying(protocol: str, pieces: Sequence[str], **how: Any) -> Exchange:
    """An answer of these pieces, in the shape of the recording."""
    found = _recordings(protocol)["written"]["events"]
    texts = [data for data in found if piece_of(data)]
    before, after = found[: found.index(texts[0])], found[found.index(texts[-1]) + 1 :]
    made = [_with_piece(texts[0], piece) for piece in pieces]
    return replace(recorded(protocol, "written", **how), events=tuple(map(event, [*before, *made, *after])))


def piece_of(data: Any) -> str:
    """The text that one event of a stream brings; empty for any other event."""
    if not isinstance(data, dict):
        return ""
    if data.get("choices"):
        return data["choices"][0]["delta"].get("content") or ""
    return data.get("delta", {}).get("text", "") if data.get("type") == "content_block_delta" else ""


def text_of(protocol: str, name: str) -> str:
    """The whole text of a recorded stream."""
    return "".join(map(piece_of, _recordings(protocol)[name]["events"]))


def _with_piece(data: dict[str, Any], piece: str) -> dict[str, Any]:
    made = json.loads(json.dumps(data))
    if "choices" in made:
        made["choices"][0]["delta"]["content"] = piece
    else:
        made["delta"]["text"] = piece
    return made


def faithful(prompt: str) -> list[str]:
    """An answer to a prompt: what its first passage says, cited; and something that no passage says."""
    passages = _PASSAGE.findall(prompt)
    number, said = passages[0] if passages else ("1", "nothing")
    words = " ".join(said.split()).split(". ")[0].rstrip(".").split(" ")
    text = ["# A script\n\n", "HOST:", *(f" {word}" for word in words), f" [{number}].", "\n\n"]
    return [*text, "GUEST:", " Whales", " sing", " 4711", " ballads", f" [{number}]."]


class ModelServer:
    """Answers from `script` while there is something in it, then as `answer` says. `calls` is all that was asked."""

    def __init__(self, answer: Callable[[str, str], Exchange] | None = None) -> None:
        self.script: deque[Exchange] = deque()
        self.calls: list[Call] = []
        self.answer = answer or (lambda protocol, prompt: saying(protocol, faithful(prompt)))
        self.port = 0

    @property
    def root(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ModelServer"]:
        """Serve while inside."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            tasks = [task for task in asyncio.all_tasks() if task.get_name().startswith("model-server")]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.set_name("model-server")
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._answer(reader, writer)
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in head[1:] if line)}
        body = json.loads(await reader.readexactly(int(headers.get("content-length", "0"))) or b"{}")
        call = Call(head[0].split(" ")[1], headers, body)
        self.calls.append(call)
        gone = asyncio.create_task(_gone(reader, call.closed), name="model-server-gone")
        protocol = PROTOCOLS[call.path.partition("?")[0]]
        prompt = call.body["messages"][-1]["content"]
        exchange = self.script.popleft() if self.script else self.answer(protocol, prompt)
        try:
            await self._send(exchange, writer, call.closed)
        finally:
            gone.cancel()

    async def _send(self, exchange: Exchange, writer: asyncio.StreamWriter, gone: asyncio.Event) -> None:
        await asyncio.sleep(exchange.wait_s)
        head = "".join(f"{name}: {value}\r\n" for name, value in exchange.headers)
        if exchange.body is not None:
            size = len(exchange.body)
            start = f"HTTP/1.1 {exchange.status} X\r\n{head}content-length: {size}\r\nconnection: close\r\n\r\n"
            writer.write(start.encode() + exchange.body)
            await writer.drain()
            return
        start = f"HTTP/1.1 {exchange.status} X\r\n{head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        writer.write(start.encode())
        for number, text in enumerate(exchange.events):
            if number == exchange.hang_after:
                await writer.drain()
                await gone.wait()
                return
            if number == exchange.cut_after:
                await writer.drain()
                writer.transport.abort()
                return
            data = text.encode()
            writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            await writer.drain()
            if exchange.gap_s:
                await asyncio.sleep(exchange.gap_s)
        writer.write(b"0\r\n\r\n")
        await writer.drain()


async def _gone(reader: asyncio.StreamReader, closed: asyncio.Event) -> None:
    with suppress(ConnectionError):
        await reader.read()
    closed.set()
