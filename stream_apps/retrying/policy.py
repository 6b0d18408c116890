"""What happens next to a record whose step failed. Pure: time comes in as an argument.

Own faults go through the tiers, one retry in each (some have fewer), then to the dead letters. An outage of somebody
else waits without using up attempts, as long as the server asked. All of it ends at one deadline; time in which the
step did not run is not counted. A budget alone is waited for without end: nobody is away, and a backlog of more than
a day's budget meets its end day after day.
"""

from dataclasses import dataclass

from muniment.schemas.error_codes import POLICIES, TRIES, ErrorCode, Policy
from muniment.schemas.topics import RETRY_DELAYS_S

CLOCK_SLACK_MS = 100
SHORT_WAIT_TIER, SHORT_WAITS = 2, 10
"""A short outage is looked at again every 25 s. Past ten waits it is a long one, and every look writes all that waits
to the log once more: then the longest tier it is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient the retries are.

    Attributes:
        delays_s: The delay of each tier in seconds, ascending; one for each of `schemas.topics.RETRY_TIERS`.
        outage_deadline_s: Seconds after the first failure, in which the step ran, at which all of it ends: waiting
            for somebody else, and the retries of own faults.
        breaker_patience_s: How long a record waits in place for an open breaker that all records of the step would
            meet before it goes to a tier: sent to the tiers at once, they would be written anew at every look.
        jitter: Largest share of a tier's delay that is added where a record leaves the tier.
        jitter_cap_s: Largest jitter in seconds, whatever the tier.

    """

    delays_s: tuple[float, ...] = RETRY_DELAYS_S
    outage_deadline_s: float = 24 * 60 * 60
    breaker_patience_s: float = 600.0
    jitter: float = 0.1
    jitter_cap_s: float = 1.0

    def __post_init__(self) -> None:
        """`ValueError` for limits that would lose the order of the tiers."""
        if len(self.delays_s) != len(RETRY_DELAYS_S) or list(self.delays_s) != sorted(self.delays_s):
            raise ValueError(f"delays_s wants {len(RETRY_DELAYS_S)} ascending delays")


@dataclass(frozen=True, slots=True)
class Retry:
    """The record's own fault: into the tier of that index, due again at `due_ms` (Unix epoch)."""

    tier: int
    due_ms: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody else's outage: into the tier of that index, due at `due_ms`, no attempt used."""

    tier: int
    due_ms: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The end: to the dead letters under this code."""

    code: ErrorCode


@dataclass(frozen=True, slots=True)
class Refuse:
    """The document is at fault: `DocumentRefused`."""

    code: ErrorCode


@dataclass(frozen=True, slots=True)
class Block:
    """Our own database or log is away: try again in place."""


Move = Retry | Wait | DeadLetter | Refuse | Block
LONGEST_BUDGET_S = 24 * 60 * 60
"""A budget is that of a day."""
UNTRIED = frozenset({ErrorCode.BUDGET_SPENT, ErrorCode.SHARE_USED})
"""What is waited for, however long it takes, while nothing is tried: no outage, but a limit of the record's tenant."""
TOO_LATE = (DeadLetter(ErrorCode.OUTAGE_TOO_LONG), DeadLetter(ErrorCode.RETRIES_TOO_LONG))
"""The ends by the deadline."""


def next_move(
    code: ErrorCode,
    *,
    attempt: int,
    waits: int,
    first_failed_ms: int,
    now_ms: int,
    retry_after_s: float | None = None,
    paused_ms: int = 0,
    limits: Limits = Limits(),
) -> Move:
    """What happens to a record that has just failed with `code`.

    `attempt` and `waits` count what went before this failure. `retry_after_s` is what a server asked for. In
    `paused_ms` of the time since it failed first nothing can, or could, be tried: the deadline is as much later.
    """
    policy = POLICIES[code]
    if policy is Policy.REFUSE:
        return Refuse(code)
    if policy is Policy.BLOCK:
        return Block()
    asked_s = max(retry_after_s or 0.0, 0.0)
    if code in UNTRIED:
        # A turn may be free at any moment; a budget is not before the day is over.
        waits = min(waits, SHORT_WAIT_TIER) if code is ErrorCode.SHARE_USED else waits
        return _wait(waits, None, now_ms, min(asked_s, LONGEST_BUDGET_S), limits)
    deadline_ms = first_failed_ms + paused_ms + _millis(limits.outage_deadline_s)
    if policy is Policy.OUTAGE:
        return _wait(waits, deadline_ms, now_ms, asked_s, limits)
    if policy is Policy.EXPONENTIAL and attempt + 1 < TRIES.get(code, len(limits.delays_s) + 1):
        return _retry(attempt, deadline_ms, now_ms, asked_s, limits)
    return DeadLetter(code)


def _retry(attempt: int, deadline_ms: int, now_ms: int, asked_s: float, limits: Limits) -> Retry | DeadLetter:
    # A web server says when to come again, too: it is not asked before that.
    wait_s = max(limits.delays_s[attempt], asked_s)
    due_ms = now_ms + _millis(wait_s)
    if due_ms > deadline_ms:
        return DeadLetter(ErrorCode.RETRIES_TOO_LONG)
    return Retry(attempt if wait_s > asked_s else fitting_tier(wait_s, limits), due_ms)


def untried_ms(before_ms: int, code: ErrorCode, move: Move, now_ms: int) -> int:
    """How long a record has waited, and will, while nothing was tried, if that was `before_ms` so far.

    The deadline is as much later: the time of what is tried is not used up by a budget or a turn that is waited for.
    """
    return before_ms + max(0, move.due_ms - now_ms) if code in UNTRIED and isinstance(move, Wait) else before_ms


def _wait(waits: int, deadline_ms: int | None, now_ms: int, asked_s: float, limits: Limits) -> Wait | DeadLetter:
    tier = min(waits, SHORT_WAIT_TIER) if waits < SHORT_WAITS else len(limits.delays_s) - 1
    own_s = limits.delays_s[tier]
    wait_s = max(own_s, asked_s)
    if deadline_ms is not None and (wait_s > limits.outage_deadline_s or now_ms + _millis(wait_s) > deadline_ms):
        # A server that asks to wait past the deadline is given up on now: coming back earlier would be too early.
        return DeadLetter(ErrorCode.OUTAGE_TOO_LONG)
    return Wait(fitting_tier(wait_s, limits), now_ms + _millis(wait_s))


def fitting_tier(wait_s: float, limits: Limits) -> int:
    """The longest tier that does not overshoot `wait_s`; the shortest when all do."""
    fits = [tier for tier, delay in enumerate(limits.delays_s) if delay <= wait_s]
    return fits[-1] if fits else 0


def leaves_ms(due_ms: int, entered_ms: int, tier: int, limits: Limits) -> int:
    """When a record leaves its tier: when it is due, but never later than the tier's constant delay.

    A record that must wait longer than its tier leaves with the others and is put into a fitting tier again,
    so that the head of a tier never holds up the records behind it.
    """
    ends_ms = entered_ms + _millis(limits.delays_s[tier])
    # A clock that was set back between the two readings must not send a record round once more.
    return due_ms if due_ms <= ends_ms + CLOCK_SLACK_MS else ends_ms


def jitter_s(tier: int, draw: float, limits: Limits) -> float:
    """Seconds to add where a record leaves its tier, for a `draw` in [0, 1): bounded, never negative."""
    return draw * min(limits.delays_s[tier] * limits.jitter, limits.jitter_cap_s)


def _millis(seconds: float) -> int:
    return round(seconds * 1000)
