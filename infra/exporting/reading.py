"""How far the log reaches, and what lies in a span of it, for an export."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime

from muniment.infra.exporting.plan import Bounds, Partition, Span
from muniment.producers.log_spans import LogSpans, log_spans
from muniment.schemas.record import Record


class LogReader:
    """Reads what lies on the log."""

    def __init__(self, log: LogSpans) -> None:
        self._log = log

    async def bounds(
        self, topics: Iterable[str], since: datetime | None, until: datetime | None
    ) -> dict[Partition, Bounds]:
        """How far each partition of the topics reaches now."""
        places = await self._log.partitions(sorted(set(topics)))
        extents = await self._log.extents(places)
        firsts = await self._log.since(places, since) if since else {}
        afters = await self._log.since(places, until) if until else {}

        def begins(place: Partition) -> int | None:
            if since is None:
                return None
            first = firsts.get(place)
            return extents[place][1] if first is None else first

        return {place: Bounds(*extents[place], begins(place), afters.get(place)) for place in places}

    async def read(self, span: Span) -> AsyncIterator[list[Record]]:
        """The records of a span, in batches, in order; see `LogSpans.read`."""
        async for records in self._log.read((span.topic, span.partition), span.first, span.end):
            yield records


@asynccontextmanager
async def log_reader(bootstrap: str, *, prefix: str = "") -> AsyncIterator[LogReader]:
    """A reader, closed again; `StepFailure(log_unavailable)` when there is no broker at hand."""
    async with log_spans(bootstrap, prefix=prefix, client_id="muniment-export") as log:
        yield LogReader(log)
