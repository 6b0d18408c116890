"""What is folded apart from the load that asks: some partitions, up to some offsets, into its schema."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
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
        numbers: Which partitions, as numbers by topic.
        ends: How far, by partition.
        passed: Places that are not folded.
        batch: Records in one transaction, at most.

    """

    projection: Projection
    config: ProjectionsConfig
    schema: str
    numbers: Mapping[str, Collection[int]]
    ends: Mapping[Partition, int]
    passed: Collection[Place]
    batch: int


class Apart(Protocol):
    """Folds shares somewhere else. Fewer records than `least` are not worth it, nor are more shares than `most`."""

    @property
    def least(self) -> int: ...  # noqa: D102

    @property
    def most(self) -> int: ...  # noqa: D102

    async def fold(self, shares: Sequence[Share], on_batch: Callable[[int], None], stop: asyncio.Event) -> None:
        """Fold these shares side by side, as far as that comes; `on_batch` hears the records of each batch.

        Nothing is raised for a share that could not be folded to its end: the checkpoints say how far it came.
        """
        ...
