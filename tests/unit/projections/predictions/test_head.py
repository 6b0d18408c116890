"""Which versions' phrases are kept, whatever order two topics are read in."""

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.predictions.head import Head

AT = datetime(2026, 11, 22, tzinfo=UTC)
BLANK = Head("acme", UUID(int=1))
FACT = st.tuples(st.sampled_from(["indexed", "gone", "without"]), st.integers(1, 6))


def after(head: Head, facts: list[tuple[str, int]]) -> Head:
    """A head after these facts."""
    for name, version in facts:
        head = head.indexed(version, AT) if name == "indexed" else getattr(head, name)(version)
    return head


@given(st.lists(FACT, max_size=12))
def test_only_what_is_seen_or_may_be_seen_is_kept(facts: list[tuple[str, int]]) -> None:
    """The active version is wanted; what is older, gone or cancelled is not, and never becomes wanted again."""
    head = BLANK
    unwanted: set[int] = set()
    for fact in facts:
        head = after(head, [fact])
        assert not any(head.wants(version) for version in unwanted)
        assert not head.active or head.wants(head.active)
        assert head.active not in head.cancelled
        assert not any(head.wants(version) for version in range(1, head.gone_up_to + 1))
        unwanted |= {version for version in range(1, 8) if not head.wants(version)}


def test_what_the_log_says_first_counts() -> None:
    """A version cancelled before it was whole never comes; one cancelled after that stays."""
    assert after(BLANK, [("without", 2), ("indexed", 2)]).active == 0
    assert after(BLANK, [("indexed", 2), ("without", 2)]).active == 2


@given(st.lists(FACT, max_size=8))
def test_facts_twice_are_facts_once(facts: list[tuple[str, int]]) -> None:
    """A fact that is redelivered at once changes nothing."""
    head = BLANK
    for fact in facts:
        head = after(head, [fact])
        assert after(head, [fact]) == head
