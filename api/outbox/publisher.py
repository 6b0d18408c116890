"""The publisher of the API: onto the log, or, where that is switched on and the log is away, into the outbox."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import Protocol
from uuid import UUID

import structlog

from muniment.api.idempotency.ids import reserved
from muniment.api.outbox.postgres import Outbox
from muniment.api.position import OUTBOX
from muniment.producers.publisher import Publisher
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import MAX_RECORD_BYTES

LOG = structlog.get_logger(__name__)
LINGER_S = 10.0
"""How long after it was switched off the outbox is still looked into: another instance may have heard of it later."""


class Looks(Protocol):
    """What is asked of `producers.command_log.CommandLog`."""

    async def first(self, topic: str, wanted: Collection[UUID], since: datetime) -> dict[UUID, Position]:
        """Where those of the wanted records that are on the log lie."""
        ...


class AcceptingPublisher:
    """See `Publisher`. `is_on` says whether the outbox is switched on now.

    A command that is only accepted has its number in the outbox for an offset, on a topic that is none (`OUTBOX`).
    Of a request that somebody began before, it is looked up first whether its command was published then.
    """

    def __init__(
        self,
        log: Publisher,
        outbox: Outbox,
        looks: Looks,
        is_on: Callable[[], bool],
        *,
        patience_s: float = 5.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """`patience_s`: how long the log is waited for while the outbox is on."""
        self._log = log
        self._outbox = outbox
        self._looks = looks
        self._is_on = is_on
        self._patience_s = patience_s
        self._clock = clock
        self._look_until = 0.0
        self.may_wait = True
        """Whether commands may be waiting; told by who drains. Until then it has to be looked."""

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`; also raises `StepFailure(database_unavailable)`."""
        command_id = UUID(record.header("ce_id") or "")
        there = await self.published(record.topic, command_id)
        if there is not None:
            LOG.info("command_found", job_id=str(command_id), position=str(there))
            return replace(record, topic=there.topic, partition=there.partition, offset=there.offset)
        if self._is_on():
            self._look_until = self._clock() + LINGER_S
        if (self.may_wait or self._clock() < self._look_until) and await self._outbox.any_waiting():
            return await self._accepted(record, command_id)
        if not self._is_on():
            return await self._log.send(record)
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._log.send(record)
        except TimeoutError:
            LOG.warning("log_slow", patience_s=self._patience_s)
        except StepFailure as error:
            if error.code is not ErrorCode.LOG_UNAVAILABLE:
                raise
        # It may be on the log all the same: who drains looks there first.
        return await self._accepted(record, command_id)

    async def _accepted(self, record: Record, command_id: UUID) -> Record:
        if len(record.value) + len(record.key) > MAX_RECORD_BYTES:
            # The log would never take it, and everything would wait behind it.
            raise StepFailure(ErrorCode.RECORD_TOO_LARGE, f"{len(record.value)} bytes for {record.topic}")
        self.may_wait = True
        number = await self._outbox.put(command_id, record)
        LOG.info("command_accepted", job_id=str(command_id), number=number)
        return replace(record, topic=OUTBOX, partition=0, offset=number)

    async def published(self, topic: str, command_id: UUID) -> Position | None:
        """Where a command lies that somebody has published who began this request before; `None` for a first try.

        Raises:
            StepFailure: `log_unavailable`, `database_unavailable`.

        """
        again = reserved()
        if again is None or not again.again:
            return None
        accepted = await self._outbox.find(command_id)
        if accepted is not None:
            return Position(OUTBOX, 0, accepted)
        try:
            return (await self._looks.first(topic, [command_id], again.since)).get(command_id)
        except StepFailure:
            if not self._is_on():
                raise
            return None
