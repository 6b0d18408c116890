"""Reading Server-sent events as a browser's EventSource does: by lines, and on after the last id when it breaks off."""

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import httpx2

from muniment.infra.cli.client import AGAIN, ApiError, Client
from muniment.producers.embedding.retry_after import retry_after_s

SILENT_S = 45.0
"""Three comments missed: the connection is dead, whatever it says."""
RETRY_MS = 2000
LONGEST_PAUSE_S = 10.0
PATIENCE_S = 300.0
"""How long nobody may answer before a reader gives up."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event: its name, what it tells, and up to where the log is told with it."""

    name: str
    data: Any
    event_id: str | None = None


@dataclass(slots=True)
class Block:
    """The lines between two empty ones, as they come."""

    name: str = "message"
    data: str = ""
    event_id: str | None = None
    retry_ms: int | None = None

    def take(self, line: str) -> None:
        """One line, without its end."""
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self.name = value
        elif field == "data":
            self.data += value + "\n"
        elif field == "id":
            self.event_id = value
        elif field == "retry" and value.isdecimal():
            self.retry_ms = int(value)


async def blocks(lines: AsyncIterable[str]) -> AsyncIterator[Block]:
    """The blocks in these lines; one that breaks off counts for nothing."""
    block = Block()
    async for line in lines:
        if line:
            block.take(line)
            continue
        yield block
        block = Block()


class EventSource:
    """Events of one address, over as many connections as it takes. It ends when the server has no more to tell."""

    def __init__(self, api: Client, path: str, params: Mapping[str, Any]) -> None:
        self._api = api
        self._path = path
        self._params = params
        self._last: str | None = None
        self._retry_ms = RETRY_MS
        self._failures = 0
        self._heard_at = monotonic()

    async def events(self) -> AsyncGenerator[Event, None]:
        """Every event once. Raises `ApiError` for what coming back does not cure."""
        while True:
            try:
                async with aclosing(self._connection()) as events:
                    async for event in events:
                        yield event
            except httpx2.TransportError as error:
                if monotonic() - self._heard_at > PATIENCE_S:
                    detail = f"{self._path} has not answered for {PATIENCE_S:.0f} s: {type(error).__name__}"
                    raise ApiError("no_answer", detail, "see `muniment doctor`") from error
                self._failures += 1
            await asyncio.sleep(self._pause_s())

    async def _connection(self) -> AsyncGenerator[Event, None]:
        headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": self._last} if self._last else {})
        async with self._api.stream(self._path, self._params, headers, silent_s=SILENT_S) as answer:
            if answer.status_code in AGAIN:
                asked_s = retry_after_s(answer.headers, datetime.now(UTC)) or 0.0
                # "At once", too, is not taken at its word: nobody is asked without a pause for minutes.
                self._retry_ms = int(1000 * asked_s) or RETRY_MS
                raise httpx2.RemoteProtocolError(f"{answer.status_code}")
            if not answer.is_success:
                raise await self._api.refused(answer)
            self._heard_at, self._failures = monotonic(), 0
            async for block in blocks(answer.aiter_lines()):
                self._heard_at = monotonic()
                self._retry_ms = block.retry_ms or self._retry_ms
                if not block.data:
                    continue
                # Only once it was taken in: what breaks off in between is told again.
                yield Event(block.name, json.loads(block.data), block.event_id)
                self._last = block.event_id or self._last

    def _pause_s(self) -> float:
        pause = min(self._retry_ms / 1000 * 2 ** max(0, self._failures - 1), LONGEST_PAUSE_S)
        return float(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads those who come back
