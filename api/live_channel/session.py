"""What a client is to be sent, in order, and what it can be sent again. It outlives a lost connection for a while.

Numbered messages (all but predictions and what answers a message at once) are kept after they were sent, so that a
client that comes back is sent what it missed. Who reads slowly is written to slowly: answers wait for room, and of
predictions only the newest waits.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from muniment.api.live_channel.told import Numbered, Predictions, Told

KEPT, KEPT_BYTES = 512, 512 * 1024
"""Numbered messages that can be sent again, at most so many of at most so many characters."""
WAITING, WAITING_BYTES = 64, 256 * 1024
"""What waits for a slow reader before answers pause; while nobody reads, half of what is kept."""
HOPELESS = 256
"""Messages that wait before the connection is given up: only who asks on and on without reading comes so far."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a session is: a tenant, who asks, and the key that limits count by."""

    tenant: str
    actor: str
    key_id: str


class Session:
    """See the module.

    Attributes:
        id: By which a client comes back to it.
        who: Whose it is.
        answers: The answers under way, by the ids that the client gave them.
        lost_at: When its connection was lost; `None` while it has one.
        on_ready: Called when there is something to be sent.

    """

    def __init__(self, session_id: str, who: Owner) -> None:
        self.id = session_id
        self.who = who
        self.answers: dict[str, asyncio.Task[None]] = {}
        self.lost_at: float | None = None
        self.on_ready: Callable[[], None] = _nobody
        self._room = asyncio.Event()
        self._seq = 0
        self._seq_at_loss = 0
        self._kept: deque[tuple[int, str]] = deque()
        self._kept_bytes = 0
        self._queue: deque[str] = deque()
        self._queue_bytes = 0
        self._bytes_since_loss = 0
        self._prediction: str | None = None

    @property
    def seq(self) -> int:
        """The number of the last message."""
        return self._seq

    @property
    def hopeless(self) -> bool:
        """Whether more waits than any reader could have left."""
        return len(self._queue) > HOPELESS

    def say(self, message: Numbered) -> None:
        """Send a message, which gets the next number."""
        self._seq += 1
        message.seq = self._seq
        text = message.written()
        self._kept.append((self._seq, text))
        self._kept_bytes += len(text)
        self._bytes_since_loss += len(text)
        while len(self._kept) > KEPT or (self._kept_bytes > KEPT_BYTES and len(self._kept) > 1):
            self._kept_bytes -= len(self._kept.popleft()[1])
        self._send(text)

    async def say_with_room(self, message: Numbered) -> None:
        """The same, once there is room: the way of whatever can wait."""
        while not self._has_room:
            self._room.clear()
            await self._room.wait()
        self.say(message)

    def tell(self, message: Told) -> None:
        """Send a message that is of no interest later; one to nobody is dropped."""
        self._send(message.written())

    def predict(self, message: Predictions) -> None:
        """Send predictions, in place of those that still wait."""
        if self.lost_at is None:
            self._prediction = message.written()
            self.on_ready()

    def drop_predictions(self) -> None:
        """Those that still wait are of no interest any more."""
        self._prediction = None

    def next(self) -> str | None:
        """What is to be sent now; `None` when there is nothing."""
        if self._queue:
            text = self._queue.popleft()
            self._queue_bytes -= len(text)
        else:
            text, self._prediction = self._prediction, None  # type: ignore[assignment]
        self._room.set()
        return text

    def lose(self) -> None:
        """The connection is gone: what waits is kept, but nothing is sent."""
        self.lost_at = monotonic()
        self.on_ready = _nobody
        self._seq_at_loss, self._bytes_since_loss = self._seq, 0
        self._queue.clear()
        self._queue_bytes = 0
        self._prediction = None
        self._room.set()

    def resume(self, last_seq: int) -> bool:
        """Go on after the message of that number; false when not all of what follows is there any more."""
        if last_seq > self._seq or last_seq + 1 < (self._kept[0][0] if self._kept else self._seq + 1):
            return False
        self.lost_at = None
        for seq, text in self._kept:
            if seq > last_seq:
                self._send(text)
        self._room.set()
        return True

    def end(self) -> None:
        """Nobody comes back: what is under way ends."""
        for task in tuple(self.answers.values()):
            task.cancel()

    @property
    def _has_room(self) -> bool:
        if self.lost_at is None:
            return len(self._queue) < WAITING and self._queue_bytes < WAITING_BYTES
        # Nobody has said yet how far he read: what comes now must not push out what he may lack.
        return self._seq - self._seq_at_loss < KEPT // 2 and self._bytes_since_loss < KEPT_BYTES // 2

    def _send(self, text: str) -> None:
        if self.lost_at is None:
            self._queue.append(text)
            self._queue_bytes += len(text)
            self.on_ready()


def _nobody() -> None:
    pass
