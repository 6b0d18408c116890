"""Looks on the log itself whether a command is there: nobody else knows after a crash or an unconfirmed send."""

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from muniment.producers.log_spans import log_spans
from muniment.schemas.record import Position

SLACK = timedelta(seconds=60)
"""How far the clocks of those who send and those who look may be apart."""
PATIENCE_S = 60.0


class CommandLog:
    """Reads without a group, from a time on to the end as it is now. `prefix` stands before topics' names (tests)."""

    def __init__(self, bootstrap: str, *, prefix: str = "") -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix

    async def first(self, topic: str, wanted: Collection[UUID], since: datetime) -> dict[UUID, Position]:
        """Where those of the wanted records that are on the log lie, each at its first occurrence.

        Raises:
            StepFailure: `log_unavailable`; nothing can be said then.

        """
        if not wanted:
            return {}
        names = {str(one): one for one in wanted}
        found: dict[UUID, Position] = {}
        told = f"what {topic} holds cannot be told"
        async with log_spans(self._bootstrap, prefix=self._prefix, patience_s=PATIENCE_S, told=told) as log:
            places = await log.partitions([topic])
            extents, firsts = await log.extents(places), await log.since(places, since - SLACK)
            for place, first in firsts.items():
                if first is None:
                    continue
                async for records in log.read(place, first, extents[place][1]):
                    for record in records:
                        command = names.get(record.header("ce_id") or "")
                        if command is not None:
                            # Two occurrences lie in one partition: they have the same key.
                            found.setdefault(command, Position(topic, place[1], record.offset or 0))
        return found
