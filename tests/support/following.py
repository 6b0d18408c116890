"""Runs steps in the calling test, record after record, and follows what they publish until all is quiet."""

from collections import deque
from collections.abc import Iterable

from muniment.producers.publisher import Publisher
from muniment.schemas.record import Record
from muniment.schemas.topics import REDELIVERY
from muniment.stream_apps.hosting.concerns import topics_of
from muniment.stream_apps.hosting.settle import Codec, Settler
from muniment.stream_apps.step import Step


class _Relay:
    """A publisher that also remembers, in order, what the log now holds."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.sent: deque[Record] = deque()

    async def send(self, record: Record) -> Record:
        """Send, and remember."""
        done = await self._publisher.send(record)
        self.sent.append(done)
        return done


class Following:
    """Settles a record with every step it concerns, then what those published. Nothing comes back from a retry."""

    def __init__(self, steps: Iterable[Step], codec: Codec, publisher: Publisher) -> None:
        self._steps = tuple(steps)
        self._codec = codec
        self._publisher = publisher

    async def take(self, record: Record) -> None:
        """Settle a record that is on the log already, and all that follows from it; returns when all is quiet."""
        relay = _Relay(self._publisher)
        settler = Settler(self._codec, relay)
        relay.sent.append(record)
        while relay.sent:
            found = relay.sent.popleft()
            for step in self._steps:
                if found.topic in topics_of(step) and found.topic != REDELIVERY[step.name].name:
                    await settler.settle(step, found)
