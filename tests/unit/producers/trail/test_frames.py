"""Entries as bytes in a file."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.trail.frames import framed, unframed
from muniment.schemas.record import Record

NAMES = st.text("abcdef_-", min_size=1, max_size=12)
RECORDS = st.builds(
    Record,
    topic=NAMES,
    key=st.binary(max_size=40),
    value=st.binary(max_size=400),
    headers=st.lists(st.tuples(NAMES, st.binary(max_size=40)), max_size=6).map(tuple),
)


@given(st.lists(RECORDS, max_size=6))
def test_what_was_framed_comes_back(records):
    """In the same order, byte for byte."""
    assert unframed(b"".join(map(framed, records))) == records


@given(st.lists(RECORDS, min_size=1, max_size=4), st.data())
def test_half_a_frame_at_the_end_is_left_out(records, data):
    """Wherever a kill cut the last write, what came before it is whole."""
    last = framed(records[-1])
    cut = data.draw(st.integers(0, len(last) - 1))
    assert unframed(b"".join(map(framed, records[:-1])) + last[:cut]) == records[:-1]


@given(RECORDS, st.data())
def test_a_damaged_frame_is_no_record(record, data):
    """A flipped byte of the body is noticed by the checksum."""
    frame = bytearray(framed(record))
    at = data.draw(st.integers(8, len(frame) - 1))
    frame[at] ^= 1 << data.draw(st.integers(0, 7))
    assert unframed(bytes(frame)) == []
