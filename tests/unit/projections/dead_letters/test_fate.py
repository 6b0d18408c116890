"""The state machine of what becomes of a dead letter."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.dead_letters.fate import (
    STATUSES,
    Discarded,
    Edited,
    Fact,
    FailedAgain,
    Fate,
    Quarantined,
    Released,
    Sent,
    Taken,
    What,
    evolve,
)

LETTER, ONE, TWO = "muniment.dlq:0:1", UUID(int=1), UUID(int=2)


def after(*whats: What) -> Fate:
    """The fate after these facts."""
    fate = Fate(LETTER)
    for what in whats:
        fate = evolve(fate, Fact(LETTER, what))
    return fate


def test_the_way_of_a_redriven_letter() -> None:
    """Waiting, redriving, redriven; failed again once the letter that it became is there."""
    steps = (Taken(ONE), Sent(ONE, 1), FailedAgain(1, "muniment.dlq:0:9"))
    assert [after(*steps[:n]).status for n in range(4)] == ["waiting", "redriving", "redriven", "failed_again"]
    assert after(*steps).failed_as == "muniment.dlq:0:9"


def test_what_a_redrive_leaves_is_as_it_was() -> None:
    """A redrive that is over lets go of what it has not sent, and of nothing else."""
    assert after(Edited(), Taken(ONE), Released(ONE)).status == "edited"
    assert after(Taken(ONE), Released(TWO)).status == "redriving"
    assert after(Taken(ONE), Sent(ONE, 1), Released(ONE)).status == "redriven"
    assert after(Sent(ONE, 1), Taken(ONE)).status == after(Released(ONE), Sent(ONE, 1)).status == "redriven"
    assert after(Sent(ONE, 1), Taken(TWO)).status == "redriving"
    assert after(Taken(ONE), Released(ONE), Taken(TWO), Released(ONE)).status == "redriving"


def test_quarantine_is_left_by_an_edit() -> None:
    """A quarantined letter that was edited is an edited one; a discarded one is out of the way."""
    assert after(Quarantined()).status == "quarantined"
    assert after(Quarantined(), Edited()).status == "edited"
    assert after(Quarantined(), Discarded("expired")).status == "expired"
    assert after(Edited(), Edited()).edits == 2


def test_a_reason_stays_with_who_gave_it() -> None:
    """The last operator who did something is named; a fact that nobody gave a reason for names nobody."""
    told = evolve(Fate(LETTER), Fact(LETTER, Edited(), None, "key:ann", "wrong title"))
    assert evolve(told, Fact(LETTER, Sent(ONE, 1))) == evolve(told, Fact(LETTER, Sent(ONE, 1)))
    assert (evolve(told, Fact(LETTER, Sent(ONE, 1))).actor, told.reason) == ("key:ann", "wrong title")


redrives = st.sampled_from((ONE, TWO))
operations = st.lists(
    st.one_of(
        st.builds(Taken, redrives),
        st.builds(Sent, redrives, st.integers(1, 4)),
        st.builds(Released, redrives),
        st.builds(Discarded, st.sampled_from(("discarded", "expired"))),
        st.just(Quarantined()),
        st.just(Edited()),
    ),
    max_size=8,
)
failures = st.lists(st.integers(1, 4).map(lambda n: FailedAgain(n, f"muniment.dlq:0:{10 + n}")), max_size=4)


@given(operations, failures, st.randoms(use_true_random=False))
def test_any_interleaving_of_the_two_topics_ends_the_same(told, failed, dice) -> None:
    """Operations in their order and dead letters in theirs end in one fate, however the two interleave."""
    mixed: list[What] = []
    left, right = list(told), list(failed)
    while left or right:
        lane = dice.choice([lane for lane in (left, right) if lane])
        mixed.append(lane.pop(0))
    assert after(*mixed) == after(*told, *failed)
    assert after(*mixed).status in STATUSES


@given(operations, failures)
def test_a_failure_folded_twice_is_folded_once(told, failed) -> None:
    """A dead letter that is read again says nothing new."""
    assert after(*told, *failed, *failed) == after(*told, *failed)
