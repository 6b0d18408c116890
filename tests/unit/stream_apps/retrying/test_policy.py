"""The policy: bounded, monotone, never early, and it ends."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muniment.schemas.error_codes import POLICIES, TRIES, ErrorCode, Policy
from muniment.stream_apps.retrying.policy import (
    UNTRIED,
    Block,
    DeadLetter,
    Limits,
    Move,
    Refuse,
    Retry,
    Wait,
    fitting_tier,
    jitter_s,
    leaves_ms,
    next_move,
    untried_ms,
)

NOW = 1_800_000_000_000
HOUR_MS = 3_600_000
WAITING = {Policy.OUTAGE, Policy.EXPONENTIAL}
delays = st.lists(st.floats(0.01, 1000), min_size=4, max_size=4).map(lambda d: tuple(sorted(d)))
limits = st.builds(
    Limits, delays_s=delays, outage_deadline_s=st.floats(0, 10**6), jitter=st.floats(0, 1), jitter_cap_s=st.floats(0, 5)
)


def moved(code: ErrorCode, *, attempt: int = 0, waits: int = 0, first: int = NOW, asked: float | None = None) -> Move:
    return next_move(
        code, attempt=attempt, waits=waits, first_failed_ms=first, now_ms=NOW, retry_after_s=asked, limits=Limits()
    )


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_has_the_move_of_its_policy(code: ErrorCode) -> None:
    """The first failure of each code leads where its policy says; what waits or is retried ends at the deadline."""
    day_after = NOW - 25 * 60 * 60 * 1000
    late = {Policy.OUTAGE: ErrorCode.OUTAGE_TOO_LONG, Policy.EXPONENTIAL: ErrorCode.RETRIES_TOO_LONG}
    if code in UNTRIED:
        assert moved(code, first=day_after) == Wait(0, NOW + 1000)
    elif POLICIES[code] in late:
        assert moved(code, first=day_after) == DeadLetter(late[POLICIES[code]])
    expected = {
        Policy.REFUSE: Refuse(code),
        Policy.BLOCK: Block(),
        Policy.NEVER: DeadLetter(code),
        Policy.EXPONENTIAL: Retry(0, NOW + 1000),
        Policy.OUTAGE: Wait(0, NOW + 1000),
    }
    assert moved(code) == expected[POLICIES[code]]


def test_own_faults_walk_the_tiers_and_end() -> None:
    """1, 5, 25 and 125 seconds, then a dead letter."""
    moves = [moved(ErrorCode.UNEXPECTED, attempt=n) for n in range(6)]
    dead = DeadLetter(ErrorCode.UNEXPECTED)
    walked = [Retry(t, NOW + s * 1000) for t, s in enumerate((1, 5, 25, 125))]
    assert moves == [*walked, dead, dead]


def test_some_own_faults_get_fewer_tries() -> None:
    """What is fetched is fetched three times in all."""
    moves = [moved(ErrorCode.FETCH_FAILED, attempt=n) for n in range(4)]
    dead = DeadLetter(ErrorCode.FETCH_FAILED)
    assert moves == [Retry(0, NOW + 1000), Retry(1, NOW + 5000), dead, dead]
    assert all(POLICIES[code] is Policy.EXPONENTIAL and tries <= 5 for code, tries in TRIES.items())


def test_an_outage_settles_at_its_longest_tier() -> None:
    """1, 5, 25, 25, 25 … seconds, whatever attempts were used before."""
    moves = [moved(ErrorCode.PROVIDER_UNAVAILABLE, attempt=3, waits=n) for n in range(5)]
    assert moves == [Wait(min(n, 2), NOW + (1, 5, 25, 25, 25)[n] * 1000) for n in range(5)]


def test_an_outage_ends_at_its_deadline() -> None:
    """A wait that would end after the deadline is a dead letter, and so is a server's wish beyond it."""
    day = 24 * 60 * 60 * 1000
    assert moved(ErrorCode.PROVIDER_TIMEOUT, waits=9, first=NOW - day) == DeadLetter(ErrorCode.OUTAGE_TOO_LONG)
    assert moved(ErrorCode.PROVIDER_RATE_LIMITED, asked=1e9) == DeadLetter(ErrorCode.OUTAGE_TOO_LONG)
    assert moved(ErrorCode.PROVIDER_RATE_LIMITED, asked=float("inf")) == DeadLetter(ErrorCode.OUTAGE_TOO_LONG)


def test_a_budget_is_waited_for_past_the_deadline() -> None:
    """Who met its end in the afternoon meets it again at midnight, and waits for the next: that is later than a day."""
    afternoon, midnight = 15 * HOUR_MS, 24 * HOUR_MS
    move = next_move(
        ErrorCode.BUDGET_SPENT,
        attempt=0,
        waits=1,
        first_failed_ms=afternoon,
        now_ms=midnight + 60_000,
        retry_after_s=24 * 3600 - 60,
    )
    assert move == Wait(3, 2 * midnight)


def test_an_outage_ends_however_often_a_turn_is_waited_for_in_between() -> None:
    """What waits for its turn is not tried meanwhile, but its time goes on from where it was."""
    now, untried, tried = NOW, 0, 0
    for waits in range(100_000):
        code = ErrorCode.SHARE_USED if waits % 2 else ErrorCode.BREAKER_OPEN
        move = next_move(code, attempt=0, waits=waits, first_failed_ms=NOW, now_ms=now, paused_ms=untried)
        if isinstance(move, DeadLetter):
            break
        assert isinstance(move, Wait)
        tried += 0 if code in UNTRIED else move.due_ms - now
        untried, now = untried_ms(untried, code, move, now), move.due_ms
    assert move == DeadLetter(ErrorCode.OUTAGE_TOO_LONG)
    assert 23 * HOUR_MS < tried <= 24 * HOUR_MS
    assert tried + untried == now - NOW


@given(
    code=st.sampled_from(sorted(UNTRIED)),
    waits=st.integers(0, 10**6),
    age_ms=st.integers(0, 10**12),
    asked=st.none() | st.floats(-10) | st.just(float("inf")),
    limit=limits,
)
def test_a_limit_of_its_tenant_never_ends_a_record(
    *, code: ErrorCode, waits: int, age_ms: int, asked: float | None, limit: Limits
) -> None:
    """However long it has waited it waits on: as long as it was told, and never for more than a day or its tier."""
    move = next_move(
        code,
        attempt=0,
        waits=waits,
        first_failed_ms=NOW - age_ms,
        now_ms=NOW,
        retry_after_s=asked,
        limits=limit,
    )
    assert isinstance(move, Wait)
    least, most = min(asked or 0, 86_400), max(86_400, *limit.delays_s)
    assert least - 0.001 <= (move.due_ms - NOW) / 1000 <= most + 0.001


@given(
    code=st.sampled_from(
        [c for c, p in POLICIES.items() if p in {Policy.OUTAGE, Policy.EXPONENTIAL} and c not in UNTRIED]
    ),
    attempt=st.integers(0, 10),
    waits=st.integers(0, 10**6),
    age_ms=st.integers(0, 10**12),
    asked=st.none() | st.floats(-10, 10**7),
    limit=limits,
)
@example(
    code=ErrorCode.EXTRACTOR_CRASHED,
    attempt=0,
    waits=0,
    age_ms=0,
    asked=1.0,
    limit=Limits(delays_s=(0.5, 1.0, 1.0, 1.0)),
)
def test_never_early_and_bounded(
    *, code: ErrorCode, attempt: int, waits: int, age_ms: int, asked: float | None, limit: Limits
) -> None:
    """What is due is due after its tier's delay and after what the server asked, and before the deadline."""
    move = next_move(
        code, attempt=attempt, waits=waits, first_failed_ms=NOW - age_ms, now_ms=NOW, retry_after_s=asked, limits=limit
    )
    if isinstance(move, DeadLetter):
        return
    assert isinstance(move, Retry | Wait)
    waited_s = (move.due_ms - NOW) / 1000
    assert 0 <= move.tier < len(limit.delays_s)
    if isinstance(move, Wait):
        assert waited_s + 0.001 >= max(limit.delays_s[min(waits, 2)], asked or 0)
        assert waited_s <= limit.outage_deadline_s - age_ms / 1000 + 0.002
    else:
        assert waited_s == pytest.approx(max(limit.delays_s[attempt], asked or 0), abs=0.001)


@given(
    code=st.sampled_from(ErrorCode),
    attempt=st.integers(0, 10),
    waits=st.integers(0, 10**6),
    age_ms=st.integers(0, 10**12),
    paused=st.floats(0, 1),
    asked=st.none() | st.floats(-10, 10**7),
    limit=limits,
)
@example(
    code=ErrorCode.PROVIDER_RATE_LIMITED, attempt=0, waits=1, age_ms=3 * 10**8, paused=0.999, asked=None, limit=Limits()
)
def test_a_pause_is_as_if_it_had_never_been(
    *, code: ErrorCode, attempt: int, waits: int, age_ms: int, paused: float, asked: float | None, limit: Limits
) -> None:
    """A record moves on as one that is younger by the pause: whatever is due is due before the deadline and it."""
    paused_ms = round(age_ms * paused)
    move, younger = (
        next_move(
            code,
            attempt=attempt,
            waits=waits,
            first_failed_ms=NOW - age,
            now_ms=NOW,
            retry_after_s=asked,
            paused_ms=off,
            limits=limit,
        )
        for age, off in ((age_ms, paused_ms), (age_ms - paused_ms, 0))
    )
    assert move == younger
    if isinstance(move, Retry | Wait) and code not in UNTRIED:
        assert move.due_ms <= NOW - age_ms + paused_ms + limit.outage_deadline_s * 1000 + 1


@given(attempt=st.integers(0, 3), limit=limits)
def test_later_attempts_wait_no_less(attempt: int, limit: Limits) -> None:
    """The delays are monotone."""

    def due(n: int) -> int:
        move = next_move(
            ErrorCode.UNEXPECTED, attempt=n, waits=0, first_failed_ms=NOW, now_ms=NOW, retry_after_s=None, limits=limit
        )
        return move.due_ms if isinstance(move, Retry) else 10**18

    assert due(attempt) <= due(attempt + 1)


@given(wait=st.floats(0, 10**5), entered=st.integers(0, 10**6), limit=limits)
def test_a_long_wait_is_many_tiers(wait: float, entered: int, limit: Limits) -> None:
    """A record leaves its tier when it is due or when the tier's delay is over, whichever is first."""
    tier = fitting_tier(wait, limit)
    due = entered + round(wait * 1000)
    leaves = leaves_ms(due, entered, tier, limit)
    assert leaves <= due
    assert leaves <= entered + limit.delays_s[tier] * 1000 + 101
    assert tier == 0 or limit.delays_s[tier] <= wait


@given(tier=st.integers(0, 3), draw=st.floats(0, 1, exclude_max=True), limit=limits)
def test_jitter_is_bounded_and_never_early(tier: int, draw: float, limit: Limits) -> None:
    """Jitter only adds, at most its share of the tier and its cap."""
    assert 0 <= jitter_s(tier, draw, limit) <= min(limit.delays_s[tier] * limit.jitter, limit.jitter_cap_s)


def test_a_server_that_says_when_is_not_asked_before() -> None:
    """Also where tries are counted: the wait is the longer of the tier's and the server's, and uses up an attempt."""

    def after(asked_s: float) -> Move:
        return next_move(ErrorCode.FETCH_FAILED, attempt=0, waits=0, first_failed_ms=0, now_ms=0, retry_after_s=asked_s)

    assert after(0.5) == Retry(0, 1000)
    assert after(30) == Retry(2, 30_000)
    assert after(28_800) == Retry(3, 28_800_000)
    hours = moved(ErrorCode.PROVIDER_RATE_LIMITED, attempt=2, waits=1, asked=28_800)
    assert hours == Wait(3, NOW + 28_800_000)
    assert after(1e9) == DeadLetter(ErrorCode.RETRIES_TOO_LONG)


def test_tiers_out_of_order_are_no_limits() -> None:
    """Delays that do not ascend, or are not as many as the tiers, are refused."""
    with pytest.raises(ValueError, match="ascending"):
        Limits(delays_s=(5, 1, 25, 125))
    with pytest.raises(ValueError, match="ascending"):
        Limits(delays_s=(1, 5))


def test_a_long_outage_is_looked_at_less_often() -> None:
    """Ten looks at short distances, then the longest tier: each look writes the whole backlog to the log once more."""
    limits = Limits()
    waits = [
        next_move(ErrorCode.PROVIDER_UNAVAILABLE, attempt=0, waits=n, first_failed_ms=0, now_ms=0, limits=limits)
        for n in range(12)
    ]
    tiers = [move.tier for move in waits if isinstance(move, Wait)]
    assert tiers == [0, 1, *[2] * 8, 3, 3]
