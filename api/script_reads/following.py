"""The text of one draft as it is being written, for one reader: Server-sent events (WHATWG HTML, 9.2).

`snapshot` is the text so far, and takes the place of what the reader had; `token` comes after it; `end` says what
became of the draft. The id of an event is where its piece lies on the log, so that a reader who comes back, to whatever
process, is told the rest; one whose place is not known any more gets a snapshot.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any
from uuid import UUID

from fastapi.sse import format_sse_event

from muniment.producers.draft_pieces import DraftMemory, Key
from muniment.producers.log_codec import LogCodec
from muniment.projections.scripts.queries import DraftRow
from muniment.projections.scripts.state import ENDED
from muniment.schemas.codec import Envelope
from muniment.schemas.errors import MunimentError
from muniment.schemas.personal import Redaction
from muniment.schemas.record import Record
from muniment.schemas.scripts import DraftStreamed

LOOK_S = 1.0
"""How long the state of a draft is not looked at, unless something is heard."""
PING_S = 15.0
STALLED_S = 60.0
"""A reader who takes in nothing for so long is gone."""
RETRY_MS = 2000
Write = Callable[[bytes], Awaitable[None]]


class Following:
    """One reader of one draft. `look` gives the draft as it is now; `end` ends it from without."""

    def __init__(
        self,
        memory: DraftMemory,
        codec: LogCodec,
        key: Key,
        *,
        look: Callable[[], Awaitable[DraftRow | None]],
        ending: Callable[[DraftRow], dict[str, Any]],
        after: int | None = None,
    ) -> None:
        self._memory = memory
        self._codec = codec
        self._key = key
        self._look = look
        self._ending = ending
        self._after = after
        self._attempt: tuple[int, int] | None = None
        self._news = asyncio.Event()
        self._over: str | None = None
        self._begun = False

    def end(self, reason: str = "") -> None:
        """Send no more; with a reason, the reader is told to come back."""
        self._over = reason
        self._news.set()

    async def run(self, write: Write) -> None:
        """Send until the draft has ended, or the reader is gone."""
        self._memory.wait(self._key, self._news)
        try:
            await _sent(write, format_sse_event(retry=RETRY_MS))
            async for frame in self._frames():
                await _sent(write, frame)
        finally:
            self._memory.leave(self._key, self._news)

    async def _frames(self) -> AsyncIterator[bytes]:
        told_at = monotonic()
        while self._over is None:
            self._news.clear()
            # The state before the pieces: what was said before the draft ended is told before its end.
            row = await self._seen()
            for frame in await self._pieces():
                told_at = monotonic()
                yield frame
            if row is None or row.draft.state in ENDED:
                yield _event("end", self._ending(row) if row else {"state": "deleted"})
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._news.wait()
            if monotonic() - told_at > PING_S:
                told_at = monotonic()
                yield format_sse_event(comment="still here")
        if self._over:
            yield _event("reconnect", {"reason": self._over})

    async def _seen(self) -> DraftRow | None:
        while True:
            try:
                return await self._look()
            except MunimentError:
                # The database is away: the reader waits with us.
                await asyncio.sleep(LOOK_S)

    async def _pieces(self) -> list[bytes]:
        if not self._begun:
            return await self._begin()
        records = self._memory.pieces(self._key, self._after if self._after is not None else -1)
        return self._told(await self._opened(records))

    async def _begin(self) -> list[bytes]:
        """The first that a reader is told: the rest after his place, or the text so far."""
        known = self._memory.pieces(self._key)
        opened = await self._opened(known)
        self._begun = True
        places = [place for place, _ in opened]
        if self._after is not None and self._after in places:
            at = places.index(self._after)
            piece = opened[at][1]
            self._attempt = (piece.attempt, piece.index)
            return self._told(opened[at + 1 :])
        self._after = None
        return self._told(opened) or [_event("snapshot", _snapshot("", 0, 0, whole=True))]

    def _told(self, opened: Sequence[tuple[int, DraftStreamed]]) -> list[bytes]:
        """Frames of pieces. One that begins a text anew, or does not follow the one before, begins a snapshot."""
        first = next((n for n in range(len(opened) - 1, -1, -1) if not self._follows(opened, n)), None)
        frames = []
        if first is not None:
            # Until the next gap all belongs to it; what was before is not the text any more.
            at, piece = opened[-1]
            text = "".join(_text(one) for _, one in opened[first:])
            frames.append(
                _event("snapshot", _snapshot(text, piece.attempt, piece.tokens, whole=opened[first][1].index == 0), at)
            )
        else:
            frames = [
                _event("token", {"text": _text(one), "attempt": one.attempt, "tokens": one.tokens}, at)
                for at, one in opened
            ]
        if opened:
            self._after, last = opened[-1]
            self._attempt = (last.attempt, last.index)
        return frames

    def _follows(self, opened: Sequence[tuple[int, DraftStreamed]], number: int) -> bool:
        piece = opened[number][1]
        before = (opened[number - 1][1].attempt, opened[number - 1][1].index) if number else self._attempt
        return before == (piece.attempt, piece.index - 1)

    async def _opened(self, records: Sequence[Record]) -> list[tuple[int, DraftStreamed]]:
        if not records:
            return []
        found = await self._codec.decode_many(records)
        return [
            (one.record.offset or 0, one.event)
            for one in found
            if isinstance(one, Envelope) and isinstance(one.event, DraftStreamed)
        ]


def _text(piece: DraftStreamed) -> str:
    # Of an erased draft nothing is shown, and its end follows.
    return "" if isinstance(piece.text, Redaction) else piece.text


def _snapshot(text: str, attempt: int, tokens: int, *, whole: bool) -> dict[str, Any]:
    return {"text": text, "attempt": attempt, "tokens": tokens, "whole": whole}


def _event(name: str, data: dict[str, Any], at: int | None = None) -> bytes:
    text = json.dumps(data, ensure_ascii=False, default=str)
    return format_sse_event(event=name, data_str=text, id=None if at is None else str(at))


async def _sent(write: Write, data: bytes) -> None:
    async with asyncio.timeout(STALLED_S):
        await write(data)


def job_key(tenant: str, job_id: UUID | None) -> Key:
    """Under which the pieces of a draft are kept."""
    return tenant, str(job_id)
