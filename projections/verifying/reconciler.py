"""Goes through all read models slice by slice, for as long as the process runs, and says which rows have drifted."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
from aiokafka.errors import KafkaError

from muniment.producers.postgres import FAILURES
from muniment.projections.batch import Decoder, Place
from muniment.projections.config import ProjectionsConfig
from muniment.projections.fold import PoisonRecord
from muniment.projections.registry import PROJECTIONS
from muniment.projections.replaying.load import LogTooShort, Stopped
from muniment.projections.status import Drift, Status
from muniment.projections.verifying.reconcile import Found, Reconciling, Slice
from muniment.schemas.errors import MunimentError
from muniment.schemas.metrics import PROJECTION_DRIFT_ROWS

log = logging.getLogger(__name__)
RATE = 1000.0
"""Records a second within a slice: a twentieth of what a replay takes."""
SHOWN = 5
"""Rows that /health names; the log names all that were named."""
_GONE = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)


@dataclass
class Reconciler:
    """See the module. `every_s` lies between two slices; a slice that takes longer is followed by the next at once."""

    config: ProjectionsConfig
    decoder: Decoder
    passed: Callable[[str], Collection[Place]]
    status: Status
    stop: asyncio.Event
    every_s: float
    rate: float = RATE
    found: dict[str, dict[int, Found]] = field(default_factory=lambda: defaultdict(dict))

    async def run(self) -> None:
        """Until stopped. What is away now is looked at again in the next round."""
        while not self.stop.is_set():
            for name in self.config.names or tuple(PROJECTIONS):
                await self._round(name)
            await self._rest()

    async def _round(self, name: str) -> None:
        try:
            work = self._work(name)
            for part in await work.slices():
                await self._rest()
                if self.stop.is_set():
                    return
                await self._look(self._work(name), part)
        except (KafkaError, MunimentError, *_GONE, *FAILURES) as error:
            log.warning("projection %s could not be compared with the log: %s", name, type(error).__name__)
        except Exception:
            # It only looks: whatever is wrong with looking must not end the folding beside it.
            log.exception("projection %s could not be compared with the log", name)

    def _work(self, name: str) -> Reconciling:
        projection = PROJECTIONS[name](self.config.dimensions)
        return Reconciling(projection, self.config, self.decoder, self.passed(name), self.rate, self.stop)

    async def _look(self, work: Reconciling, part: Slice) -> None:
        name = work.projection.name
        with suppress(Stopped):
            try:
                found = await work.look(part)
            except (LogTooShort, PoisonRecord) as error:
                found = Found(rows=1, faults=(str(error),))
            self._said(name, part, found)

    def _said(self, name: str, part: Slice, found: Found) -> None:
        slices = self.found[name]
        for number in [n for n in slices if n >= part.of]:
            del slices[number]
        slices[part.number] = found
        rows = sum(one.rows for one in slices.values())
        PROJECTION_DRIFT_ROWS.labels(name).set(rows)
        for line in found.lines:
            log.error("projection %s is not what the log says: %s", name, line)
        # What is wrong with the log as a whole is so in every slice.
        named = list(dict.fromkeys(line for one in slices.values() for line in one.names))[:SHOWN]
        if name in self.status.projections:
            self.status.projections[name].drift = Drift(
                rows=rows, named=tuple(named), slices=len(slices), of=part.of, at=datetime.now(UTC)
            )

    async def _rest(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.every_s):
                await self.stop.wait()
