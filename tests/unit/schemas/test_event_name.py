"""The name of an event by its header alone."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.catalogue import declarations
from muniment.schemas.metadata import LONGEST_COPIED, event_name
from muniment.schemas.record import Record


def of_type(*types: bytes) -> Record:
    """A record with these headers for its type."""
    return Record("t", b"k", b"v", tuple(("ce_type", one) for one in types))


def test_every_declared_event_is_told_by_its_type() -> None:
    """Whatever the namespace and version, the name is what the registry calls it."""
    assert [event_name(of_type(d.ce_type.encode())) for d in declarations()] == [d.name for d in declarations()]


@given(st.lists(st.text("aé.", max_size=8), max_size=2), st.booleans())
def test_other_types_tell_what_lies_between_their_last_two_dots(texts: list[str], long: bool) -> None:
    """The last header counts, a type of other parts names no event, and one of any length is read the same."""
    types = [("x" * LONGEST_COPIED if long else "") + text for text in texts]
    parts = types[-1].rsplit(".", 2) if types else []
    assert event_name(of_type(*(one.encode() for one in types))) == (parts[1] if len(parts) == 3 else "")
