"""What may be spent in a day (UTC) on one thing by one tenant, with a hard stop: on embeddings, on texts.

A record that meets the end of a budget waits, like for a provider that is away, until the next day or a higher budget;
it uses up no attempt. What was called is counted, also when the step is repeated: it was paid for twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from muniment.producers.postgres import database
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

EMBEDDINGS, TEXTS = "embeddings", "texts"
_SPENT = "select tokens, cost_micros from muniment_limits.spending where tenant = $1 and day = $2 and spent_on = $3"
_ADD = """
insert into muniment_limits.spending as s (tenant, day, spent_on, tokens, cost_micros, calls)
values ($1, $2, $3, $4, $5, 1)
on conflict (tenant, day, spent_on) do update
set tokens = s.tokens + excluded.tokens, cost_micros = s.cost_micros + excluded.cost_micros, calls = s.calls + 1"""


@dataclass(frozen=True, slots=True)
class Allowance:
    """The most in a day; `None` is without end."""

    tokens: int | None = None
    cost_micros: int | None = None

    def left(self, tokens: int, cost_micros: int) -> bool:
        """Whether, after so much, there is anything left."""
        return (self.tokens is None or tokens < self.tokens) and (
            self.cost_micros is None or cost_micros < self.cost_micros
        )


class Budget(Protocol):
    """Asked before a call, told after it."""

    async def check(self, tenant: str, now: datetime) -> None:
        """Raise `StepFailure(budget_spent)`, with the seconds to the next day, when nothing is left."""
        ...

    async def spent(self, tenant: str, now: datetime, tokens: int, cost_micros: int) -> None:
        """Take note of what a call cost."""
        ...


def exhausted(now: datetime, spent_on: str = EMBEDDINGS) -> StepFailure:
    """The failure of whoever meets the end of the budget; it may be tried again at the next midnight (UTC)."""
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    detail = f"today's budget for {spent_on.partition('/')[0]} is spent"
    return StepFailure(ErrorCode.BUDGET_SPENT, detail, retry_after_s=(midnight - now).total_seconds())


class PostgresBudget:
    """See `Budget`; counted across all workers. Calls under way at once may go past it, each by itself.

    `spent_on` is what the money is for: `embeddings`, `texts`, or `texts/<project>`; each is counted apart.
    """

    def __init__(self, pool: Any, allowance: Allowance, spent_on: str = EMBEDDINGS) -> None:
        self._pool = pool
        self._allowance = allowance
        self._spent_on = spent_on

    async def check(self, tenant: str, now: datetime) -> None:
        """See `Budget.check`."""
        if self._allowance == Allowance():
            return
        async with database():
            row = await self._pool.fetchrow(_SPENT, tenant, now.date(), self._spent_on)
        if row is not None and not self._allowance.left(row["tokens"], row["cost_micros"]):
            raise exhausted(now, self._spent_on)

    async def spent(self, tenant: str, now: datetime, tokens: int, cost_micros: int) -> None:
        """See `Budget.spent`."""
        async with database():
            await self._pool.execute(_ADD, tenant, now.date(), self._spent_on, tokens, cost_micros)


class Together:
    """Several budgets that a call counts against: it stops where any of them does."""

    def __init__(self, budgets: Sequence[Budget]) -> None:
        self._budgets = budgets

    async def check(self, tenant: str, now: datetime) -> None:
        """See `Budget.check`."""
        for budget in self._budgets:
            await budget.check(tenant, now)

    async def spent(self, tenant: str, now: datetime, tokens: int, cost_micros: int) -> None:
        """See `Budget.spent`."""
        for budget in self._budgets:
            await budget.spent(tenant, now, tokens, cost_micros)
