"""The port behind which records wait for the one before them.

A record that goes to a retry tier becomes the *head* of its key (step, tenant, document). Whatever comes after it is
parked: stored, in the order in which it came. When the head has ended, the next one is published to the step's
redelivery topic and is the head from then on.

Between becoming the head and the broker's word that it was published, a record is stored too: whoever dies in
between leaves it to be published by the sweep. So a head is either stored, or on its way through the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from muniment.schemas.record import Record

PAUSE_S = 60.0
"""A step of which nobody has said for so long that it runs has paused: it was halted, or nothing ran."""


@dataclass(frozen=True, slots=True)
class Place:
    """Which record of which document at which step; `origin` is where the record first lay, and names it."""

    step: str
    tenant: str
    key: bytes
    origin: str


class Standing(StrEnum):
    """How a record stands to the others of its document."""

    FREE = "free"
    """None of them waits."""
    HEAD = "head"
    """It is the one that the others wait for."""
    PARKED = "parked"
    """It waits behind another, and is stored by now."""


class Parking(Protocol):
    """Every method raises `StepFailure(database_unavailable)` while the store is away; repeating any is harmless."""

    async def stand(self, place: Place, record: Record) -> Standing:
        """How the record stands; when another one is the head it is stored behind it, before this returns.

        `record` is what is to be published when its turn comes, topic and headers included.
        """
        ...

    async def lead(self, place: Place, record: Record) -> bool:
        """Make the record the head, or see that it still is; `False` when another one is.

        `record` is what is about to be published (to a retry tier); it is stored until `published` is called.
        """
        ...

    async def release(self, place: Place) -> tuple[Place, Record] | None:
        """The head has ended: the next one is the head now, and is to be published.

        `None` when nothing waits behind it, or it was not the head (any more).
        """
        ...

    async def published(self, place: Place) -> None:
        """The broker has confirmed the head: it need not be stored any longer."""
        ...

    async def unpublished(self, for_s: float) -> Sequence[tuple[Place, Record]]:
        """Heads stored for so many seconds: whoever was to publish them died. Claims them for as long."""
        ...

    async def unheard_of(self, for_s: float) -> Sequence[Place]:
        """Heads on their way through the log that nobody has seen for so many seconds: the log has lost them.

        Pauses of their step do not count: nothing can be seen of a head in them.
        """
        ...

    async def running(self, steps: Sequence[str]) -> None:
        """These steps take records now: to be said every few seconds. Silence of `PAUSE_S` or more was a pause."""
        ...

    async def paused_ms(self, step: str, since_ms: int) -> int:
        """How much of the time since then (Unix epoch) the step has paused, up to now if it still does."""
        ...

    async def waiting(self) -> dict[str, int]:
        """How many records are stored, by step."""
        ...


class NoParking:
    """Nothing waits for anything: for steps and tests that keep no order through retries. See `Parking`."""

    async def stand(self, place: Place, record: Record) -> Standing:
        """Free, always."""
        del place, record
        return Standing.FREE

    async def lead(self, place: Place, record: Record) -> bool:
        """As good as done."""
        del place, record
        return True

    async def release(self, place: Place) -> tuple[Place, Record] | None:
        """Nobody waits."""
        del place
        return None

    async def published(self, place: Place) -> None:
        """Nothing was stored."""
        del place

    async def unpublished(self, for_s: float) -> Sequence[tuple[Place, Record]]:
        """None."""
        del for_s
        return ()

    async def unheard_of(self, for_s: float) -> Sequence[Place]:
        """None."""
        del for_s
        return ()

    async def running(self, steps: Sequence[str]) -> None:
        """Nobody asks."""
        del steps

    async def paused_ms(self, step: str, since_ms: int) -> int:
        """None of it."""
        del step, since_ms
        return 0

    async def waiting(self) -> dict[str, int]:
        """None."""
        return {}
