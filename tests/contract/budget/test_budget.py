"""What every budget holds to, in memory and in Postgres."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from support.budget import MemoryBudget

from muniment.producers.budget import TEXTS, Allowance, Budget, PostgresBudget, Together
from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import StepFailure

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
Make = Callable[[Allowance], Budget]


@pytest.fixture(params=["memory", "postgres"])
async def make(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[Make]:
    """Each kind of budget, with nothing spent."""
    if request.param == "memory":
        yield MemoryBudget
        return
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        yield lambda allowance: PostgresBudget(pool, allowance)


async def test_what_is_left_may_be_spent_and_no_more(make: Make) -> None:
    """The check passes until the day's tokens are used up, then says how long the day still lasts."""
    budget = make(Allowance(tokens=100))
    await budget.check("a", NOON)
    await budget.spent("a", NOON, 60, 1)
    await budget.check("a", NOON)
    await budget.spent("a", NOON, 60, 1)
    with pytest.raises(StepFailure) as caught:
        await budget.check("a", NOON)
    assert caught.value.code is ErrorCode.BUDGET_SPENT
    assert caught.value.retry_after_s == 12 * 3600


async def test_money_counts_like_tokens(make: Make) -> None:
    """A cost limit stops by itself, whatever the tokens."""
    budget = make(Allowance(cost_micros=5))
    await budget.spent("a", NOON, 1, 5)
    with pytest.raises(StepFailure):
        await budget.check("a", NOON)


async def test_tenants_and_days_are_apart(make: Make) -> None:
    """One tenant's spending stops no other, and a new day begins with nothing spent."""
    budget = make(Allowance(tokens=1))
    await budget.spent("a", NOON, 1, 0)
    await budget.check("b", NOON)
    await budget.check("a", NOON + timedelta(days=1))


async def test_without_a_limit_nothing_stops(make: Make) -> None:
    """No allowance set is no limit."""
    budget = make(Allowance())
    await budget.spent("a", NOON, 10**9, 10**9)
    await budget.check("a", NOON)


async def test_budgets_together_stop_where_one_does(database_url: str) -> None:
    """A project that has spent its own stops, its tenant's other project does not; embeddings are counted apart."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:

        def of(project: str) -> Budget:
            tenant = PostgresBudget(pool, Allowance(tokens=100), TEXTS)
            return Together([tenant, PostgresBudget(pool, Allowance(tokens=10), f"{TEXTS}/{project}")])

        await of("one").spent("a", NOON, 20, 0)
        with pytest.raises(StepFailure, match="budget for texts is spent"):
            await of("one").check("a", NOON)
        await of("two").check("a", NOON)
        await of("two").spent("a", NOON, 80, 0)
        with pytest.raises(StepFailure):
            await of("three").check("a", NOON)
        await PostgresBudget(pool, Allowance(tokens=1)).check("a", NOON)


def test_a_spent_budget_uses_up_no_attempt() -> None:
    """It is waited out like an outage: the record is not at fault."""
    assert POLICIES[ErrorCode.BUDGET_SPENT] is Policy.OUTAGE
