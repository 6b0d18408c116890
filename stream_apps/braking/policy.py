"""When it is the step that is broken and not its records. Pure.

A document's own refusal says nothing of the step, and neither does a wait or a retry. What counts is how records end,
and of how many *different* documents: a hundred batches of one broken document are one bad document, and so are a
hundred documents of one host that is away: that host stands for them. Nor do the documents of one tenant alone say that
the step is broken while those of another end well; where nobody else's do, they do.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy


class Ending(NamedTuple):
    """Of which document a record was (or what it failed by), with which code it died, if it did, and whose it was."""

    document: bytes
    code: ErrorCode | None
    tenant: str = ""


def counts(code: ErrorCode) -> bool:
    """Whether a dead letter says anything of its step: not when the document was at fault, or erased meanwhile."""
    return code is not ErrorCode.KEY_DESTROYED and POLICIES[code] is not Policy.REFUSE


@dataclass(frozen=True, slots=True)
class BrakeLimits:
    """How much may go wrong before a step is halted.

    While records of another tenant have ended well in the window, at least half of `run` or `least` have to be
    documents of others than the tenant with the most.

    Attributes:
        run: So many different documents dead in a row.
        window: How many of the last endings the share is reckoned of.
        share: The share of them that may be dead letters.
        least: Below so many different dead documents in the window no share counts.
        probe_after_s: How long a halted step rests before one record is tried; doubled each time that goes wrong.
        probe_at_most_s: The longest such rest.

    """

    run: int = 20
    window: int = 50
    share: float = 0.5
    least: int = 20
    probe_after_s: float = 30.0
    probe_at_most_s: float = 600.0

    def __post_init__(self) -> None:
        """`ValueError` for limits that could never hold, or would always."""
        if not (self.run >= 1 and 1 <= self.least <= self.window and 0 < self.share <= 1):
            raise ValueError("a brake wants run >= 1, 1 <= least <= window and 0 < share <= 1")


@dataclass(frozen=True, slots=True)
class Trip:
    """Why a step is to be halted: `dead` of the last `settled` records, most of them with this code."""

    code: ErrorCode
    dead: int
    settled: int
    reason: str


@dataclass(slots=True)
class Endings:
    """How the last records of a step have ended: the document of each, and the code of those that died."""

    limits: BrakeLimits
    last: deque[Ending] = field(default_factory=deque)

    def add(self, document: bytes, code: ErrorCode | None, tenant: str = "") -> Trip | None:
        """Take note of an ending (`None`: a good one); the trip when this one is too many."""
        if code is not None and not counts(code):
            return None
        self.last.append(Ending(document, code, tenant))
        while len(self.last) > max(self.limits.window, self.limits.run):
            self.last.popleft()
        return None if code is None else self._trip()

    def dead_of(self) -> frozenset[str]:
        """The tenants of which records have died."""
        return frozenset(ending.tenant for ending in self.last if ending.code is not None)

    def _trip(self) -> Trip | None:
        limits, window = self.limits, list(self.last)[-self.limits.window :]
        run = _run(self.last)
        if _many(run, limits.run, window):
            return _tripped(run, run, f"{len(run)} records in a row became dead letters")
        dead = [ending for ending in window if ending.code is not None]
        if _many(dead, limits.least, window) and len(dead) >= limits.share * len(window):
            return _tripped(dead, window, f"{len(dead)} of the last {len(window)} records became dead letters")
        return None


def _run(last: deque[Ending]) -> list[Ending]:
    run: list[Ending] = []
    for ending in reversed(last):
        if ending.code is None:
            break
        run.append(ending)
    return run


def _many(dead: Sequence[Ending], least: int, window: Sequence[Ending]) -> bool:
    """Whether so many different documents are dead, and not those of one tenant while another's end well."""
    if len({ending.document for ending in dead}) < least:
        return False
    well = {ending.tenant for ending in window if ending.code is None}
    contradicted = [tenant for tenant in {ending.tenant for ending in dead} if well - {tenant}]
    return all(len({e.document for e in dead if e.tenant != tenant}) >= least / 2 for tenant in contradicted)


def _tripped(dead: Sequence[Ending], settled: Sequence[Ending], reason: str) -> Trip:
    codes = [ending.code for ending in dead if ending.code is not None]
    # Of codes that are as frequent, the latest.
    most = max(reversed(codes), key=codes.count)
    return Trip(most, len(dead), len(settled), f"{reason}, most of them with {most.value}")
