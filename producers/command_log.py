"""Looks on the log itself whether a command is there: nobody else knows after a crash or an unconfirmed send."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from muniment.producers.command_look import CommandLook
from muniment.producers.log_spans import log_spans
from muniment.schemas.record import Position


class CommandLog:
    """Reads without a group, from a time on to the end as it is now. `prefix` stands before topics' names (tests).

    Who asks while a look is under way is answered by the next one, together with all others: after an outage every
    caller repeats its request at once. What was read for one look is not read again for the next.
    """

    def __init__(self, bootstrap: str, *, prefix: str = "") -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._looks: dict[str, CommandLook] = {}

    async def first(self, topic: str, wanted: Collection[UUID], since: datetime) -> dict[UUID, Position]:
        """Where those of the wanted records that are on the log lie, each at its first occurrence.

        Raises:
            StepFailure: `log_unavailable`; nothing can be said then.

        """
        if not wanted:
            return {}
        if topic not in self._looks:
            told = f"what {topic} holds cannot be told"
            self._looks[topic] = CommandLook(topic, lambda: log_spans(self._bootstrap, prefix=self._prefix, told=told))
        found = await self._looks[topic].first(frozenset(map(str, wanted)), since)
        return {one: found[str(one)] for one in wanted if str(one) in found}
