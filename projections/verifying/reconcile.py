"""Prove one slice of a read model: the documents of one partition, or all of a small read model.

As a verification does, the slice is folded into a schema of its own and compared with the live one in one snapshot;
rows are those of the documents that lie in the partition, whether the log or only the live read model knows them.
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from muniment.producers.consumer_stop import stop_consumer
from muniment.projections import live, sources
from muniment.projections.batch import Decoder, Place
from muniment.projections.config import ProjectionsConfig
from muniment.projections.projection import Connection, Projection
from muniment.projections.replaying.comparison import pinned, reached
from muniment.projections.replaying.differences import RowDifference, TableDifferences, row_differences
from muniment.projections.replaying.digest import Shape, digest, shapes
from muniment.projections.replaying.load import Load
from muniment.projections.verifying.gathering import OF_THE_HOUSE
from muniment.projections.verifying.slices import documents_in, partition_of
from muniment.projections.verifying.tracing import Said, traced
from muniment.projections.verifying.verify import parked_in, scratch
from muniment.projections.verifying.views import changed_views
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import DOCUMENTS, Topic


@dataclass(frozen=True, slots=True)
class Slice:
    """A partition of so many; of a read model that is not cut by documents, number 0 of 1 is all of it."""

    number: int
    of: int


@dataclass(frozen=True)
class Found:
    """What a slice showed: rows that differ, the first of them by name with the event that says otherwise.

    `faults` are what is wrong beside rows: each counts as one of `rows`, so that it is not told as 0. `hints` say why
    rows differ.
    """

    rows: int = 0
    named: tuple[tuple[RowDifference, Said | None], ...] = ()
    faults: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """For the log: what is wrong, and the event that says otherwise."""
        rows = (f"{row}, otherwise {said}" if said else str(row) for row, said in self.named)
        return (*self.faults, *rows, *self.hints)

    @property
    def names(self) -> tuple[str, ...]:
        """For health: what is wrong."""
        return (*self.faults, *(str(row) for row, _ in self.named))


@dataclass(frozen=True)
class Reconciling:
    """What comparing slices takes. `rate` is records a second at most."""

    projection: Projection
    config: ProjectionsConfig
    decoder: Decoder
    passed: Collection[Place] = frozenset()
    rate: float = 1000.0
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def slices(self) -> list[Slice]:
        """All slices of the read model."""
        if not self.projection.by_document:
            return [Slice(0, 1)]
        count = len((await self._partitions([DOCUMENTS]))[DOCUMENTS.name])
        return [Slice(number, count) for number in range(count)]

    async def look(self, part: Slice) -> Found:
        """Compare one slice.

        Raises:
            LogTooShort: The log ends before what the live read model has folded.
            PoisonRecord: A record cannot be folded that the live read model has folded.
            Stopped: It was asked to stop.

        """
        async with scratch(self.config, self.projection) as (connection, schema):
            old = await live.ensure(connection, self.projection)
            if await live.outdated(connection, self.projection):
                return Found()
            # Views are of no slice: the first one looks at them.
            views = await changed_views(connection, self.projection, schema) if part.number == 0 else ()
            load = Load(self.projection, self.config, self.decoder, schema, stop=self.stop, pace=self._pace)
            load.passed, load.doubted = self.passed, await parked_in(connection, old)
            if self.projection.by_document:
                load.numbers, load.wanted = await self._numbers(part), _wanted(part)
            async with load:
                await load.to(await reached(connection, old, load.partitions))
                async with pinned(load, old) as seeing:
                    differing = await self._compared(seeing, old, load, part)
                    position = await reached(seeing, old, load.partitions)
                said = await traced(load, differing, position) if differing else {}
        named = [(row, said.get(str(row))) for table in differing for row in table.found]
        hints = [f"{Position(*place)} is parked, yet it can be folded: replay" for place in sorted(load.foldable)]
        faults = tuple(f"view read.{one} was changed: replay makes it anew" for one in views)
        rows = sum(one.total for one in differing) + len(faults)
        return Found(rows, tuple(named), faults, tuple(hints if differing else ()))

    async def _numbers(self, part: Slice) -> dict[str, Collection[int]]:
        """Of topics with as many partitions the one that counts; of others all, for keys tell whose the records are."""
        found = await self._partitions(self.projection.topics)
        return {name: {part.number} if len(every) == part.of else every for name, every in found.items()}

    async def _partitions(self, topics: Iterable[Topic]) -> dict[str, set[int]]:
        source = sources.consumer(self.config.bootstrap, group=None, client_id="muniment-reconcile")
        await source.start()
        try:
            prefix = self.config.topic_prefix
            return {t.name: {p.partition for p in await sources.partitions(source, [prefix + t.name])} for t in topics}
        finally:
            await stop_consumer(source)

    async def _compared(self, seeing: Connection, old: str, load: Load, part: Slice) -> list[TableDifferences]:
        every = await shapes(seeing, self.projection, old, load.cut_short)
        documents = list[UUID]()
        if self.projection.by_document:
            documents = documents_in(part.number, part.of, await _documents(seeing, (old, load.schema), every))
        found = []
        for shape in every:
            cut = self.projection.by_document and "document_id" in shape.columns
            which: tuple[Any, ...] = ("x.document_id = any($1)", documents) if cut else ("",)
            if await digest(seeing, old, shape, *which) != await digest(seeing, load.schema, shape, *which):
                found.append(await row_differences(seeing, old, load.schema, shape, *which))
        return found

    async def _pace(self, records: int) -> None:
        # The next slice does not hang on it: whoever stops does so at once.
        try:
            async with asyncio.timeout(records / self.rate):
                await self.stop.wait()
        except TimeoutError:
            return


def _wanted(part: Slice) -> Any:
    def wanted(record: Record) -> bool:
        return record.topic in OF_THE_HOUSE or partition_of(record.key, part.of) == part.number

    return wanted


async def _documents(seeing: Connection, schemas: tuple[str, str], every: Collection[Shape]) -> set[UUID]:
    found: set[UUID] = set()
    for schema in schemas:
        for shape in every:
            if "document_id" in shape.columns:
                # Names from the catalogue.
                rows = await seeing.fetch(f"select distinct document_id from {schema}.{shape.table}")  # noqa: S608
                found |= {row["document_id"] for row in rows}
    return found
