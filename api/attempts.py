"""Lets so many attempts at signing in through a minute, from one network and in all, whichever instances they come to.

Keys cannot be guessed, so this defends the database and the log rather than the keys. An attempt is counted when it is
made and given back when it was right: those that are made at the same moment are bounded, too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from muniment.producers.postgres import database

EACH = 10
"""Attempts from one network in a minute that fail."""
ALL = 300
"""Attempts from everywhere in a minute that fail. So many rows there are at most, whoever tries."""
_TAKE = """
insert into muniment_access.sign_in_attempts as known (minute, network, attempts) select $1, $2, 1
where (select coalesce(sum(attempts), 0) from muniment_access.sign_in_attempts where minute = $1) < $4
on conflict (minute, network) do update set attempts = known.attempts + 1 where known.attempts < $3
returning attempts"""
_BACK = """
update muniment_access.sign_in_attempts set attempts = attempts - 1
where minute = $1 and network = $2 and attempts > 0"""
_OVER = "delete from muniment_access.sign_in_attempts where minute < $1::timestamptz - interval '5 minutes'"
"""Some minutes late: an instance whose clock is ahead takes none from the others."""


class Attempts(Protocol):
    """The port to what is counted. Both raise `StepFailure(database_unavailable)`."""

    async def take(self, network: str) -> int:
        """Count an attempt from a network: 0, or the seconds to wait where there were too many, and none is counted."""
        ...

    async def give_back(self, network: str) -> None:
        """An attempt was right: whoever signs in has no more to do with it."""
        ...


@dataclass(slots=True)
class PostgresAttempts:
    """Counted by the minute of the clock, in a table that all instances share; a minute that is over is forgotten."""

    pool: Any
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _minute: datetime | None = field(default=None, init=False)
    """The minute of the last attempt: with the first one of another, older ones are forgotten."""
    _full: set[str] = field(default_factory=set, init=False)
    """Networks that were told to wait in that minute: until it is over nobody asks the database again."""

    async def take(self, network: str) -> int:
        """See `Attempts.take`."""
        now = self.now()
        minute = _minute(now)
        if self._minute != minute:
            await self._forget(minute)
        taken = None
        if network not in self._full:
            async with database():
                taken = await self.pool.fetchval(_TAKE, minute, network, EACH, ALL)
        if taken:
            return 0
        self._full.add(network)
        return max(1, round((minute + timedelta(minutes=1) - now).total_seconds()))

    async def give_back(self, network: str) -> None:
        """See `Attempts.give_back`."""
        async with database():
            await self.pool.execute(_BACK, _minute(self.now()), network)
        self._full.discard(network)

    async def _forget(self, minute: datetime) -> None:
        async with database():
            await self.pool.execute(_OVER, minute)
        self._full.clear()
        self._minute = minute


def _minute(now: datetime) -> datetime:
    return now.replace(second=0, microsecond=0)
