"""Carries out redrives: one redriver at a time in the fleet, the others stand by.

Claim, send, mark: a letter is claimed in Postgres, sent, and marked as sent. Who finds a claimed letter that is not
marked looks at the redelivery topics before sending it (see `sender` for why that look is final).
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from muniment.producers.leading import Leading
from muniment.producers.publisher import Publisher
from muniment.schemas.record import Position
from muniment.schemas.topics import REDELIVERY
from muniment.stream_apps.redriving import announcing
from muniment.stream_apps.redriving.expiry import Expiry
from muniment.stream_apps.redriving.pace import Pace
from muniment.stream_apps.redriving.redelivery import Leaving, redelivery
from muniment.stream_apps.redriving.resting import RestingModels
from muniment.stream_apps.redriving.sender import Sender
from muniment.stream_apps.redriving.store import Progress, RedrivingStore, Running

BATCH = 100
"""Letters in one transaction."""
TURN_S, IDLE_S = 0.05, 0.5
EXPIRY_EVERY_S = 600.0
GIVE_UP_EVERY_S = 5.0
"""How long letters of a model that is dropped may still look as if they waited."""
log = structlog.get_logger(__name__)


class Redriver:
    """`connect` opens a connection of its own to Postgres, which holds the lock of the one who redrives."""

    def __init__(
        self,
        pool: Any,
        connect: Callable[[], Any],
        sender: Callable[[], Sender],
        publisher: Publisher,
        store: RedrivingStore,
        *,
        expiry: Expiry | None = None,
        resting: RestingModels | None = None,
    ) -> None:
        self._pool = pool
        self._leading = Leading("muniment.redriving", connect)
        self._sender = sender
        self._publisher = publisher
        self._store = store
        self._expiry = expiry
        self._resting = resting
        self._expired_at = self._given_up_at = float("-inf")
        self._paces: dict[Any, Pace] = {}

    async def run(self) -> None:
        """Run until cancelled. What is away is waited for."""
        await self._leading.run(self._lead)

    def state(self) -> dict[str, object]:
        """What `/health` shows of it."""
        return self._leading.state("redriver", 4 * 60)

    async def _lead(self) -> None:
        async with self._sender() as sender:
            while True:
                busy = await self._turn(sender)
                await self._leading.beat()
                await asyncio.sleep(TURN_S if busy else IDLE_S)

    async def _turn(self, sender: Sender) -> bool:
        """One look at everything; whether a redrive is under way."""
        await self._settle_unsure(sender)
        running = await self._store.running()
        self._paces = {r.redrive_id: self._paces.get(r.redrive_id) or Pace(r.rate, time.monotonic()) for r in running}
        for redrive in running:
            await self._advance(redrive, sender)
        if self._resting is not None and time.monotonic() - self._given_up_at > GIVE_UP_EVERY_S:
            self._given_up_at = time.monotonic()
            await self._resting.give_up()
        if self._expiry is not None and time.monotonic() - self._expired_at > EXPIRY_EVERY_S:
            self._expired_at = time.monotonic()
            await self._expiry.look()
        await announcing.publish(self._pool, self._publisher)
        return bool(running)

    async def _settle_unsure(self, sender: Sender) -> None:
        """Bring to an end what somebody began who was killed in the middle of it: sent, or sent now, but once."""
        while unsure := await self._store.unsure():
            topics = {REDELIVERY[one.leaving.step].name for one in unsure if not one.ended}
            there = await sender.sent(topics, min(one.since for one in unsure))
            gone_out = [one for one in unsure if one.ended or _name(one.leaving) in there]
            log.info("redrive_taken_up", letters=len(unsure), sent_already=len(gone_out))
            for redrive_id in dict.fromkeys(one.leaving.redrive_id for one in unsure):
                mine = [one for one in unsure if one.leaving.redrive_id == redrive_id]
                await self._store.mark(redrive_id, [one.leaving for one in mine if one in gone_out])
                await self._send(sender, [one.leaving for one in mine if one not in gone_out])

    async def _advance(self, redrive: Running, sender: Sender) -> None:
        if self._resting is not None and (why := await self._resting.in_the_way(redrive.redrive_id, redrive.canaries)):
            await self._store.end(redrive, "stopped", why)
            return
        progress = await self._store.progress(redrive)
        if progress.canaries_failed:
            await self._store.end(redrive, "canary_failed", f"did not pass: {', '.join(progress.canaries_failed[:5])}")
        elif progress.canaries_late:
            late = ", ".join(progress.canaries_late[:5])
            told = f"did not end within {self._store.canary_s:g} s: {late}"
            await self._store.end(redrive, "canary_failed", told)
        elif progress.canaries_left:
            await self._send_some(redrive, sender, below=redrive.canaries)
        elif progress.canaries_out:
            return  # how they end decides what becomes of the others
        elif progress.left:
            await self._send_some(redrive, sender, below=2**31 - 1)
        else:
            await self._store.end(redrive, "done", _told(redrive, progress))

    async def _send_some(self, redrive: Running, sender: Sender, *, below: int) -> None:
        most = self._paces[redrive.redrive_id].take(time.monotonic(), BATCH)
        if most:
            await self._send(sender, await self._store.claim(redrive, below=below, most=most))

    async def _send(self, sender: Sender, leaving: Sequence[Leaving]) -> None:
        """Send what is claimed, all of one redrive, and mark it."""
        if not leaving:
            return
        redrive_id = leaving[0].redrive_id
        records = await sender.letters({Position.parse(one.letter) for one in leaving})
        there = [one for one in leaving if Position.parse(one.letter) in records]
        if there:
            await sender.send([redelivery(records[Position.parse(one.letter)], one) for one in there])
            await self._store.mark(redrive_id, there)
        lost = [one for one in leaving if one not in there]
        if lost:
            # Not discarded: a broker that has just lost its leader may not show its last records for a moment.
            log.error("dead_letters_not_there", letters=[one.letter for one in lost])
            await self._store.put_back(redrive_id, lost)


def _name(leaving: Leaving) -> tuple[str, str]:
    return str(leaving.redrive_id), leaving.letter


def _told(redrive: Running, progress: Progress) -> str:
    missing = redrive.letters - progress.redriven
    rest = f"; {missing} are not on the dead-letter topic" if missing else ""
    return f"{progress.redriven} letters are back at their steps{rest}"
