"""Which record is tried at a halted step, and when. Pure: time comes in as an argument."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from muniment.stream_apps.braking.policy import BrakeLimits, Ending


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A record that waits for its halted step: whose it is, and where it first lay. No two are the same."""

    tenant: str
    origin: str


class Probes:
    """What is known of the records that were tried since a step was halted.

    `suspects` are the tenants whose records made it halt: what another's record says is worth more. A tenant of which
    nothing was tried yet waits for the first rest only, however long it has become for the others: if it is their
    documents that are bad, its own are not to wait for them.
    """

    def __init__(self, limits: BrakeLimits, now_s: float, suspects: frozenset[str] = frozenset()) -> None:
        self.rest_s = limits.probe_after_s
        self.under_way = False
        self.well: Ending | None = None
        """The probe that ended well."""
        self._limits = limits
        self._resting_since = now_s
        self._suspects = suspects
        self._tried: Counter[str] = Counter()
        self._failed: set[str] = set()

    def next_of(self, waiting: Iterable[Candidate]) -> Candidate:
        """The one to be tried next: of a tenant of whom nothing was tried; else one that has not failed yet."""
        return min(waiting, key=self._rank)

    def left_s(self, candidate: Candidate, now_s: float) -> float:
        """How long a record must still wait before it is tried."""
        rest_s = self.rest_s if self._tried[candidate.tenant] else self._limits.probe_after_s
        return self._resting_since + rest_s - now_s

    def tried(self, candidate: Candidate) -> None:
        """Take note of a try that was not cut off."""
        self._tried[candidate.tenant] += 1

    def ended(self, now_s: float) -> None:
        """A try is over, however it ended; the next rest is twice as long."""
        self.under_way = False
        self.rest_s = min(self.rest_s * 2, self._limits.probe_at_most_s)
        self._resting_since = now_s

    def failed_before(self, origin: str) -> bool:
        """Take note of a failure; whether the record has failed as a probe before. Then it is forgotten."""
        if origin in self._failed:
            self._failed.discard(origin)
            return True
        self._failed.add(origin)
        return False

    def _rank(self, candidate: Candidate) -> tuple[bool, bool, int, bool]:
        times = self._tried[candidate.tenant]
        return times > 0, candidate.origin in self._failed, times, candidate.tenant in self._suspects
