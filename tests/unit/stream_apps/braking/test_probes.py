"""Which record is tried at a halted step, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.stream_apps.braking.policy import BrakeLimits
from muniment.stream_apps.braking.probes import Candidate, Probes

LIMITS = BrakeLimits(probe_after_s=30, probe_at_most_s=100)
candidates = st.builds(Candidate, st.sampled_from("abc"), st.sampled_from(["0", "1", "2"]))


def tried(probes: Probes, candidate: Candidate, now_s: float) -> bool:
    """Have it fail; whether it goes its way."""
    probes.tried(candidate)
    probes.ended(now_s)
    return probes.failed_before(candidate.origin)


def test_somebody_else_is_asked_first() -> None:
    """Of those that wait, a record of a tenant whose documents did not halt the step goes before all of theirs."""
    mine, other = [Candidate("a", str(n)) for n in range(3)], Candidate("b", "9")
    assert Probes(LIMITS, 0, frozenset("a")).next_of([*mine, other]) is other
    assert Probes(LIMITS, 0).next_of([*mine, other]) is mine[0]


def test_what_failed_stands_behind_what_was_not_tried() -> None:
    """Tenants take turns with what they have not tried yet; only then what failed once is tried again."""
    a, b = [Candidate("a", f"a{n}") for n in range(2)], [Candidate("b", f"b{n}") for n in range(3)]
    waiting, probes, order = [*a, *b], Probes(LIMITS, 0), []
    for n in range(6):
        following = probes.next_of(waiting)
        order.append(following.origin)
        gone = tried(probes, following, n * 100.0)
        assert gone == (n == 5)
    assert order == ["a0", "b0", "a1", "b1", "b2", "a0"]


def test_a_tenant_that_comes_new_waits_for_one_rest() -> None:
    """However long the rests have become for those that were tried."""
    probes = Probes(LIMITS, 0)
    for n in range(5):
        assert not tried(probes, Candidate("a", str(n)), 1000.0)
    assert probes.left_s(Candidate("a", "6"), 1010) == pytest.approx(90)
    assert probes.left_s(Candidate("b", "7"), 1010) == pytest.approx(20)


def test_a_try_that_was_cut_off_is_none() -> None:
    """Whose record was taken away in the middle has not been heard; the rest is longer all the same."""
    probes = Probes(LIMITS, 0)
    probes.ended(0)
    assert (probes.rest_s, probes.left_s(Candidate("a", "0"), 0)) == (60, 30)


@given(st.lists(candidates, min_size=1, max_size=8), st.lists(st.integers(0, 7), max_size=12))
def test_nobody_waits_for_one_whose_time_has_not_come(waiting: list[Candidate], order: list[int]) -> None:
    """Whoever is next may be tried before, or with, all others."""
    probes = Probes(LIMITS, 0, frozenset("a"))
    for n, index in enumerate(order):
        tried(probes, waiting[index % len(waiting)], float(n))
    left_s = probes.left_s(probes.next_of(waiting), 20)
    assert left_s <= min(probes.left_s(candidate, 20) for candidate in waiting)
