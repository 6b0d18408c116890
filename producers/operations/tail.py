"""Reads `muniment.operations` from its beginning and then live, in every process, without a group.

A broker that is away is waited for: until it answers, what was known holds (at the start: the defaults).
"""

import asyncio
from types import TracebackType
from typing import Self

import structlog

from muniment.producers.operations.operations import FoldedOperations
from muniment.producers.topic_tail import TopicTail
from muniment.schemas.codec import decode
from muniment.schemas.errors import MunimentError
from muniment.schemas.record import Record
from muniment.schemas.topics import OPERATIONS

log = structlog.get_logger(__name__)


class OperationsTail(FoldedOperations):
    """See `Operations`. Use as an async context manager; `patience_s` is how long entering waits to catch up.

    A change is folded a few milliseconds after the broker has it: a fetch that finds nothing waits at the broker.
    """

    def __init__(self, bootstrap: str, *, topic: str = OPERATIONS.name, patience_s: float = 3.0) -> None:
        super().__init__()
        self._patience_s = patience_s
        self._topic = topic
        self._tail = TopicTail(bootstrap, topic, self._fold, forget=self.forget)
        # Without the topic nothing was ever said, and the defaults are how things are.
        self.caught_up = self._tail.caught_up

    async def __aenter__(self) -> Self:
        """Begin to read, and wait a moment to catch up; a broker that is away does not hold up the start."""
        await self._tail.__aenter__()
        try:
            async with asyncio.timeout(self._patience_s):
                await self.caught_up.wait()
        except TimeoutError:
            log.warning("operations_not_caught_up", topic=self._topic)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop reading."""
        await self._tail.__aexit__(kind, error, trace)

    def _fold(self, record: Record) -> None:
        try:
            # What is personal (an operator's patch) is nothing that this fold looks at.
            envelope = decode(record, lambda _: None)
        except MunimentError as error:
            # A newer program's event, most likely. It is not for this one to stop at.
            log.warning("operations_record_skipped", offset=record.offset, code=error.code.value)
            return
        self.take(envelope.event, envelope.meta)
