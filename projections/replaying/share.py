"""What is folded apart from the load that asks: some partitions, up to some offsets, into its schema."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from muniment.projections.batch import Place
from muniment.projections.checkpoint import Partition
from muniment.projections.config import ProjectionsConfig
from muniment.projections.projection import Projection


@dataclass(frozen=True)
class Share:
    """What one process folds; all of it goes there as a pickle.

    Attributes:
        projection: Whose fold.
        config: Where broker and database are.
        schema: Where to.
        ends: Which partitions, and how far.
        passed: Places that are not folded.
        batch: Records in one transaction, at most.

    """

    projection: Projection
    config: ProjectionsConfig
    schema: str
    ends: Mapping[Partition, int]
    passed: Collection[Place]
    batch: int

    @property
    def numbers(self) -> dict[str, set[int]]:
        """Which partitions, as numbers by topic."""
        found = dict[str, set[int]]()
        for topic, number in self.ends:
            found.setdefault(topic, set()).add(number)
        return found

    def split(self, count: int) -> list["Share"]:
        """The same in at most so many parts: partitions of one number, so all of a document, stay together."""
        parts = [{p: end for p, end in self.ends.items() if p[1] % count == number} for number in range(count)]
        return [replace(self, ends=ends) for ends in parts if ends]


class Apart(Protocol):
    """Folds shares somewhere else. Fewer records than `least` are not worth it, nor are more shares than `most`."""

    @property
    def least(self) -> int: ...  # noqa: D102

    @property
    def most(self) -> int: ...  # noqa: D102

    async def fold(self, shares: Sequence[Share], on_batch: Callable[[int], None], stop: asyncio.Event) -> str:
        """Fold these shares side by side, as far as that comes; `on_batch` hears the records of each batch.

        Nothing is raised for a share that could not be folded to its end: the checkpoints say how far it came, and
        what comes back says why; empty when all were folded, or it was to stop.
        """
        ...
