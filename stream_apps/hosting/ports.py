"""What the wrapper asks of the rest of the house, each behind a port; by default there is no rest of the house."""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from muniment.producers.right_of_way import RightOfWay
from muniment.schemas.record import Record
from muniment.stream_apps.braking.port import Gate, OpenGate
from muniment.stream_apps.hosting.waits import Waits
from muniment.stream_apps.parking.port import NoParking, Parking


class Cancelled(Protocol):
    """Which jobs were cancelled, as far as this process knows. A job is named by its records' correlation id."""

    def is_cancelled(self, job_id: UUID) -> bool:
        """Whether the job was cancelled. From memory: asking costs nothing."""
        ...

    async def wait(self, job_id: UUID) -> None:
        """Return when the job is cancelled; never for one that is not."""
        ...


class Redriven(Protocol):
    """Hears how records that were redriven from the dead letters have ended."""

    async def ended(self, record: Record, outcome: str) -> None:
        """A record that carries `redrive_id` has ended: `done`, `refused`, `cancelled` or `dead`.

        Awaited before the record is acknowledged, and again if that fails. For `dead`, `record` is the new dead
        letter with its place on `muniment.dlq` and its headers; otherwise it is the record as it was redelivered.

        Raises:
            StepFailure: `database_unavailable` is waited for in place.

        """
        ...


class NobodyCancels:
    """No job is ever cancelled. See `Cancelled`."""

    def is_cancelled(self, job_id: UUID) -> bool:
        """No."""
        del job_id
        return False

    async def wait(self, job_id: UUID) -> None:
        """Never returns."""
        del job_id
        await asyncio.get_running_loop().create_future()


class NobodyListens:
    """No redrive is followed. See `Redriven`."""

    async def ended(self, record: Record, outcome: str) -> None:
        """Nothing happens."""
        del record, outcome


@dataclass(frozen=True, slots=True)
class Ports:
    """All of them; one for each process."""

    parking: Parking = field(default_factory=NoParking)
    gate: Gate = field(default_factory=OpenGate)
    cancelled: Cancelled = field(default_factory=NobodyCancels)
    redriven: Redriven = field(default_factory=NobodyListens)
    right_of_way: RightOfWay = field(default_factory=RightOfWay)
    waits: Waits = field(default_factory=Waits)
