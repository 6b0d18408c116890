"""What operators read, from Postgres: the queries of `projections`, put into the shapes of answers."""

from datetime import timedelta
from typing import Any
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
from muniment.api.operation_reads.port import Tenants
from muniment.api.operation_reads.rows import (
    breaker_answer,
    dead_letter_answer,
    flag_answers,
    flag_change,
    group_answer,
    letter_place,
    operation_answer,
    redrive_answer,
    resting_answer,
    step_answers,
)
from muniment.api.pages import Page
from muniment.api.reading import page_of, reading
from muniment.api.settings import ApiSettings
from muniment.producers.clock import utc_now
from muniment.projections.dead_letters import queries as letters
from muniment.projections.dead_letters.queries import DeadLetterFilter
from muniment.projections.operations import queries as operations
from muniment.schemas.breakers import BREAKERS
from muniment.schemas.record import Position

PARTS_LISTED = timedelta(days=1)
"""How long after its last word the breaker of a part is listed: one that is tried and fails says so every minute."""


class PostgresOperationReads:
    """See `OperationReads`."""

    def __init__(self, pool: Any, version: str | None = None) -> None:
        self._pool = pool
        self._version = version or ApiSettings().version

    async def dead_letters(
        self, tenants: Tenants, wanted: DeadLetterFilter, *, limit: int, cursor: str | None
    ) -> Page[DeadLetter]:
        """See `OperationReads.dead_letters`."""
        async with reading():
            page = await letters.dead_letters(self._pool, tenants, wanted, limit=limit, cursor=cursor)
        return page_of(page, dead_letter_answer)

    async def dead_letter(self, tenants: Tenants, dead_letter_id: str) -> DeadLetter | None:
        """See `OperationReads.dead_letter`; the id is `partition-offset` on the dead-letter topic."""
        async with reading():
            row = await letters.dead_letter(self._pool, tenants, Position.parse(letter_place(dead_letter_id)))
        return dead_letter_answer(row) if row else None

    async def dead_letter_groups(self, tenants: Tenants, wanted: DeadLetterFilter) -> list[DeadLetterGroup]:
        """See `OperationReads.dead_letter_groups`."""
        async with reading():
            rows = await letters.groups(self._pool, tenants, wanted)
        return [group_answer(row, self._version) for row in rows]

    async def dead_letters_counted(self, tenants: Tenants, wanted: DeadLetterFilter) -> int:
        """See `OperationReads.dead_letters_counted`."""
        async with reading():
            return await letters.counted(self._pool, tenants, wanted)

    async def dead_letters_resting(self, tenants: Tenants, wanted: DeadLetterFilter) -> list[RestingLetters]:
        """See `OperationReads.dead_letters_resting`."""
        async with reading():
            rows = await letters.resting(self._pool, tenants, wanted)
        return [resting_answer(row) for row in rows]

    async def dead_letters_waiting(self) -> int:
        """See `OperationReads.dead_letters_waiting`."""
        async with reading():
            return await letters.waiting(self._pool)

    async def redrives(self, tenant: str, *, limit: int, cursor: str | None) -> Page[Redrive]:
        """See `OperationReads.redrives`."""
        async with reading():
            page = await operations.redrives(self._pool, tenant, limit=limit, cursor=cursor)
        return page_of(page, redrive_answer)

    async def redrive(self, tenant: str, redrive_id: UUID) -> Redrive | None:
        """See `OperationReads.redrive`."""
        async with reading():
            row = await operations.redrive(self._pool, tenant, redrive_id)
        return redrive_answer(row) if row else None

    async def flags(self) -> list[Flag]:
        """See `OperationReads.flags`."""
        async with reading():
            return flag_answers(await operations.flags(self._pool))

    async def flag_history(self, name: str) -> list[FlagChange]:
        """See `OperationReads.flag_history`."""
        async with reading():
            return [flag_change(row) for row in await operations.flag_history(self._pool, name)]

    async def steps(self) -> list[StepState]:
        """See `OperationReads.steps`."""
        async with reading():
            return step_answers(await operations.steps(self._pool))

    async def breakers(self) -> list[Breaker]:
        """See `OperationReads.breakers`; one that a newer program has opened is shown, too."""
        async with reading():
            found = await operations.breakers(self._pool, utc_now() - PARTS_LISTED)
        return [breaker_answer(name, found.get(name)) for name in [*BREAKERS, *sorted(found.keys() - BREAKERS.keys())]]

    async def operations(self, tenant: str, *, kind: str | None, limit: int, cursor: str | None) -> Page[Operation]:
        """See `OperationReads.operations`."""
        async with reading():
            page = await operations.operations(self._pool, tenant, kind=kind, limit=limit, cursor=cursor)
        return page_of(page, operation_answer)

    async def outcome(self, tenant: str, operation_id: UUID) -> list[Operation]:
        """See `OperationReads.outcome`."""
        async with reading():
            return [operation_answer(row) for row in await operations.outcome(self._pool, tenant, operation_id)]
