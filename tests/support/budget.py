"""A budget in memory, behind the same suite as the one in Postgres."""

from collections import defaultdict
from datetime import date, datetime

from muniment.producers.budget import Allowance, exhausted


class MemoryBudget:
    """See `Budget`."""

    def __init__(self, allowance: Allowance | None = None) -> None:
        self.allowance = allowance or Allowance()
        self.by_day: dict[tuple[str, date], tuple[int, int]] = defaultdict(lambda: (0, 0))

    async def check(self, tenant: str, now: datetime) -> None:
        """See `Budget.check`."""
        if not self.allowance.left(*self.by_day[tenant, now.date()]):
            raise exhausted(now)

    async def spent(self, tenant: str, now: datetime, tokens: int, cost_micros: int) -> None:
        """See `Budget.spent`."""
        before = self.by_day[tenant, now.date()]
        self.by_day[tenant, now.date()] = (before[0] + tokens, before[1] + cost_micros)
