"""Brings what was accepted while the log was away onto the log: in order, by one instance at a time."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from muniment.api.outbox.postgres import Draining, Outbox, Waiting
from muniment.api.outbox.publisher import Looks
from muniment.api.position import position_of
from muniment.producers.publisher import Publisher
from muniment.schemas.errors import StepFailure
from muniment.schemas.metadata import in_lane, lane_of
from muniment.schemas.metrics import OUTBOX_WAITING
from muniment.schemas.record import Position

LOG = structlog.get_logger(__name__)
BATCH = 200
SOON_S = 0.5
IDLE_S = 5.0


class Told(Protocol):
    """Who wants to know whether commands wait: the publisher of this process."""

    may_wait: bool


class Drain:
    """The loop of one instance. It looks often while there is, or may be, something to do, else now and then."""

    def __init__(self, outbox: Outbox, log: Publisher, looks: Looks, told: Told, is_on: Callable[[], bool]) -> None:
        self._outbox = outbox
        self._log = log
        self._looks = looks
        self._told = told
        self._is_on = is_on
        self._commands = 0

    async def run(self) -> None:
        """Drain until cancelled; survives the log and the database being away."""
        while True:
            try:
                self._commands = await self._outbox.waiting()
                self._told.may_wait = self._commands > 0
                OUTBOX_WAITING.set(self._commands)
                if self._commands:
                    await self.once()
                else:
                    await self._outbox.sweep()
            except StepFailure as error:
                LOG.info("outbox.waits", code=str(error.code), waiting=self._commands)
            except Exception:
                # Nobody waits for this task: whatever it meets has to be loud, and must not be its end.
                LOG.exception("outbox.failed")
            await asyncio.sleep(SOON_S if self._commands or self._is_on() else IDLE_S)

    async def once(self) -> int:
        """Drain everything, unless another instance is at it; how many commands reached the log.

        Raises:
            StepFailure: `log_unavailable`, `database_unavailable`; what was drained until then stays drained.

        """
        done = 0
        async with self._outbox.draining() as rows:
            while rows is not None and (batch := await rows.batch(BATCH)):
                await self._sent(rows, batch)
                done += len(batch)
                LOG.info("outbox.drained", commands=len(batch))
        return done

    async def _sent(self, rows: Draining, batch: list[Waiting]) -> None:
        # Some may be on the log: their first send was not confirmed, or whoever drained before was killed.
        there = await self._found(batch)
        await rows.drained(there)
        fresh = [one for one in batch if one.number not in there]
        sent = {one.number: position_of(await self._log.send(one.record)) for one in fresh}
        # A send that was given up long ago may have come between: what counts is what lies first.
        await rows.drained(sent | await self._found(fresh))

    async def _found(self, batch: list[Waiting]) -> dict[int, Position]:
        found: dict[int, Position] = {}
        for topic in {one.record.topic for one in batch}:
            mine = {one.command_id: one.number for one in batch if one.record.topic == topic}
            lanes = {one.command_id: lane_of(one.record) for one in batch}
            since = min(one.accepted_at for one in batch)
            for command_id, position in (await self._looks.first(topic, mine.keys(), since)).items():
                found[mine[command_id]] = in_lane(position, lanes[command_id])
        return found
