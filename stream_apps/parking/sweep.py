"""Publishes parked records whose publisher died before the broker's word, so that none is ever stranded."""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from muniment.producers.publisher import Publisher
from muniment.schemas.errors import MunimentError
from muniment.schemas.metrics import PARKED
from muniment.schemas.topics import STEP_NAMES
from muniment.stream_apps.parking.port import Parking
from muniment.stream_apps.retrying.confirmed import send_at_last

EVERY_S = 5.0
ABANDONED_S = 20.0
"""Longer than a send takes: whoever became the head so long ago and is not published has lost its publisher."""
log = structlog.get_logger(__name__)


class Sweep:
    """Run one in each worker process: they share the work.

    `lost_s` is how long a head may be on its way unseen: more than the longest wait for a retry. Past it the topic it
    waited on must have been cut short, and the next of its document goes on without it. Only time in which its step
    ran counts, so every sweep says which steps do: those that are not halted (`held`), and of the `branches` of steps
    those that are not.
    """

    def __init__(
        self,
        parking: Parking,
        publisher: Publisher,
        *,
        lost_s: float,
        held: Callable[[str], bool],
        branches: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._parking = parking
        self._publisher = publisher
        self._lost_s = lost_s
        self._held = held
        self._branches = branches
        self._waiting: dict[str, int] = {}

    def state(self) -> dict[str, object]:
        """What `/health` shows: how many records wait behind others, by step."""
        return {"running": True, "parked": dict(self._waiting)}

    async def run(self) -> None:
        """Sweep every few seconds until cancelled; a database that is away is tried again."""
        while True:
            try:
                await self.once()
            except MunimentError as error:
                log.info("sweep_put_off", code=error.code.value)
            except Exception:
                # Nobody waits for this task: a fault is loud, and tried again.
                log.exception("sweep_failed")
            await asyncio.sleep(EVERY_S)

    async def once(self, *, abandoned_s: float = ABANDONED_S) -> int:
        """Sweep once; says how many records went on their way."""
        sent = 0
        for place, record in await self._parking.unpublished(abandoned_s):
            await send_at_last(self._publisher, record)
            await self._parking.published(place)
            log.info("parked_record_published", step=place.step, origin=place.origin, topic=record.topic)
            sent += 1
        # Before anything is given up: after a stop of the whole stack, or a halt, nothing was heard for a good reason.
        await self._parking.running([name for name in (*STEP_NAMES, *self._branches()) if not self._held(name)])
        for place in await self._parking.unheard_of(self._lost_s):
            if self._held(place.step):
                continue
            log.error("parked_head_lost", step=place.step, origin=place.origin)
            released = await self._parking.release(place)
            if released is not None:
                await send_at_last(self._publisher, released[1])
                await self._parking.published(released[0])
                sent += 1
        counts = self._waiting = await self._parking.waiting()
        for step in STEP_NAMES:
            PARKED.labels(step).set(counts.get(step, 0))
        return sent
