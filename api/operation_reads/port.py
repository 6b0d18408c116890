"""The port to what operators read: dead letters by cause, redrives, flags, steps, breakers, decisions."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from muniment.api.answers import DeadLetter
from muniment.api.operation_reads.answers import (
    Breaker,
    DeadLetterGroup,
    Flag,
    FlagChange,
    Operation,
    Redrive,
    RestingLetters,
    StepState,
)
from muniment.api.pages import Page
from muniment.projections.dead_letters.queries import DeadLetterFilter

Tenants = Sequence[str]
"""The caller's tenant and, for operators, the empty one: that of records that name none."""


class OperationReads(Protocol):
    """What can be asked; raises as `Reads`."""

    async def dead_letters(
        self, tenants: Tenants, wanted: DeadLetterFilter, *, limit: int, cursor: str | None
    ) -> Page[DeadLetter]:
        """Dead letters, newest first."""
        ...

    async def dead_letter(self, tenants: Tenants, dead_letter_id: str) -> DeadLetter | None:
        """One dead letter."""
        ...

    async def dead_letter_groups(self, tenants: Tenants, wanted: DeadLetterFilter) -> list[DeadLetterGroup]:
        """Dead letters by cause, the group with the newest letter first: at most `MOST_GROUPS` of them."""
        ...

    async def dead_letters_counted(self, tenants: Tenants, wanted: DeadLetterFilter) -> int:
        """How many dead letters there are, of however many causes."""
        ...

    async def dead_letters_resting(self, tenants: Tenants, wanted: DeadLetterFilter) -> list[RestingLetters]:
        """Dead letters of embedding models that are dropped or paused, by model."""
        ...

    async def dead_letters_waiting(self) -> int:
        """Dead letters of all tenants that wait for an operator."""
        ...

    async def redrives(self, tenant: str, *, limit: int, cursor: str | None) -> Page[Redrive]:
        """Redrives, newest first."""
        ...

    async def redrive(self, tenant: str, redrive_id: UUID) -> Redrive | None:
        """One redrive."""
        ...

    async def flags(self) -> list[Flag]:
        """Every declared flag."""
        ...

    async def flag_history(self, name: str) -> list[FlagChange]:
        """The changes of a flag, newest first."""
        ...

    async def steps(self) -> list[StepState]:
        """Every step."""
        ...

    async def breakers(self) -> list[Breaker]:
        """Every breaker; of parts, such as hosts, those that opened or closed within a day."""
        ...

    async def operations(self, tenant: str, *, kind: str | None, limit: int, cursor: str | None) -> Page[Operation]:
        """What was done, newest first."""
        ...

    async def outcome(self, tenant: str, operation_id: UUID) -> list[Operation]:
        """What was decided on a command; empty when nothing was yet."""
        ...
