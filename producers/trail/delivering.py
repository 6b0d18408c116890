"""Brings to the log what processes that are gone have left in the spool."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog

from muniment.producers.publisher import Publisher
from muniment.producers.trail.spool import orphans
from muniment.schemas.record import Record

LOG = structlog.get_logger(__name__)
BATCH = 32
"""Sent side by side. More would hold up the requests that the same loop serves, for milliseconds."""


async def deliver(folder: Path, log: Publisher, *own: Path) -> int:
    """Send what lies in files that nobody holds, `own` left out, and remove them; how many entries that were.

    Raises:
        StepFailure: `log_unavailable`; what is not confirmed stays where it is.

    """
    delivered = 0
    for orphan in orphans(folder, *own):
        records = orphan.records()
        for start in range(0, len(records), BATCH):
            await send_all(log, records[start : start + BATCH])
        orphan.remove()
        delivered += len(records)
    if delivered:
        LOG.info("trail.inherited", entries=delivered)
    return delivered


async def send_all(log: Publisher, batch: Sequence[Record]) -> None:
    """Send some records side by side, handed to the producer in their order, which it keeps within a partition.

    Raises:
        StepFailure: of the first that failed; others may have been sent.

    """
    done = await asyncio.gather(*(log.send(record) for record in batch), return_exceptions=True)
    for one in done:
        if isinstance(one, BaseException):
            raise one
