"""The order of one document at one step, through retries: who stands where, who goes next."""

import asyncio
from functools import partial

from muniment.producers.publisher import Publisher
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import origin_of, with_origin
from muniment.schemas.topics import REDELIVERY, branched
from muniment.stream_apps.hosting.insist import insist
from muniment.stream_apps.parking.port import Parking, Place, Standing
from muniment.stream_apps.retrying.confirmed import Sleep, send_at_last
from muniment.stream_apps.step import Step

LONGEST_NAME = 1000
"""Of a tenant or a document, bytes. No record of ours has longer ones, and Postgres indexes no row beyond 2,700."""


class Line:
    """What the wrapper does with the port `Parking`. Blocks in place while the database or the broker is away."""

    def __init__(self, parking: Parking, publisher: Publisher, sleep: Sleep = asyncio.sleep) -> None:
        self._parking = parking
        self._publisher = publisher
        self._sleep = sleep

    async def stand(self, step: Step, record: Record) -> Standing:
        """How a record that arrives stands to its document's others; `PARKED` is stored, and nothing is left to do."""
        place = place_of(step, record)
        if place is None:
            return Standing.FREE
        waiting = with_origin(record, origin_of(record)).to(REDELIVERY[step.name].name)
        return await insist(partial(self._parking.stand, place, waiting), self._sleep)

    async def send(self, step: Step, record: Record, retry: Record) -> bool:
        """Send a record to its retry tier as the head of its document; later ones wait from here on.

        `False` when another one is the head by now: then it is parked behind that one instead.
        """
        place = place_of(step, record)
        if place is None:
            await send_at_last(self._publisher, retry, self._sleep)
            return True
        while not await insist(partial(self._parking.lead, place, retry), self._sleep):
            # Two workers had records of the document at once, which happens while partitions move.
            if await insist(partial(self._parking.stand, place, retry), self._sleep) is Standing.PARKED:
                return False
        await send_at_last(self._publisher, retry, self._sleep)
        await insist(partial(self._parking.published, place), self._sleep)
        return True

    async def paused_ms(self, step: Step, since_ms: int) -> int:
        """How much of the time since then the step did not run."""
        return await insist(partial(self._parking.paused_ms, branched(step.name, step.branch), since_ms), self._sleep)

    async def release(self, step: Step, record: Record) -> None:
        """The head has ended: send the next one of its document to the step."""
        place = place_of(step, record)
        if place is None:
            return
        released = await insist(partial(self._parking.release, place), self._sleep)
        if released is not None:
            following, waiting = released
            await send_at_last(self._publisher, waiting, self._sleep)
            await insist(partial(self._parking.published, following), self._sleep)


def place_of(step: Step, record: Record) -> Place | None:
    """The record's place; `None` where there is no order to keep."""
    tenant = record.header("tenant") or ""
    if not step.orders or not record.key or "\x00" in tenant:
        return None
    if max(len(record.key), len(tenant.encode())) > LONGEST_NAME:
        return None
    return Place(step.name, tenant, record.key, str(origin_of(record)))
