"""The canonical bytes of a leaf."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.proofs.leaves import Gap, GapReason, Leaf, LogRecord, encode

NULLABLE = st.none() | st.binary(max_size=8)
RECORDS = st.builds(
    LogRecord,
    topic=st.sampled_from(["a", "ab", "muniment.documents"]),
    partition=st.integers(0, 3),
    offset=st.integers(0, 2**63 - 1),
    timestamp_ms=st.integers(-1, 2**62),
    key=NULLABLE,
    headers=st.lists(st.tuples(st.text(max_size=3), NULLABLE), max_size=3).map(tuple),
    value=NULLABLE,
)
GAPS = st.builds(
    Gap,
    topic=st.sampled_from(["a", "ab"]),
    partition=st.integers(0, 3),
    offset=st.integers(0, 100),
    next_offset=st.integers(1, 2**40),
    reason=st.sampled_from(GapReason),
)


@given(RECORDS | GAPS, RECORDS | GAPS)
def test_different_leaves_have_different_bytes(one: Leaf, other: Leaf) -> None:
    """Nothing of a record can change without its hash."""
    assert (encode(one) == encode(other)) == (one == other)


@given(RECORDS)
def test_null_is_not_empty_and_no_part_runs_into_the_next(record: LogRecord) -> None:
    """A byte moved from the key to the value, or from a header's name to its value, is another record."""
    parts = {encode(replace(record, key=None)), encode(replace(record, key=b"")), encode(replace(record, key=b"\x00"))}
    assert len(parts) == 3
    assert encode(replace(record, key=b"ab", value=b"c")) != encode(replace(record, key=b"a", value=b"bc"))
    pairs = ((("xy", b"z"),), (("x", b"yz"),), (("xy", None), ("z", None)), ())
    assert len({encode(replace(record, headers=headers)) for headers in pairs}) == 4


def test_the_bytes_are_as_written_down() -> None:
    """Whoever reads the description can make the same bytes; they never change."""
    record = LogRecord("t", 1, 2, -1, b"k", (("h", None), ("g", b"")), None)
    assert encode(record).hex(" ") == (
        "01 01 00 00 00 01 74 00 00 00 01 00 00 00 00 00 00 00 02 ff ff ff ff ff ff ff ff "
        "01 00 00 00 01 6b 00 00 00 02 00 00 00 01 68 00 00 00 00 01 67 01 00 00 00 00 00"
    )
    gap = Gap("t", 1, 2, 5, GapReason.CONTROL)
    assert encode(gap).hex(" ") == (
        "01 02 00 00 00 01 74 00 00 00 01 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 05 02"
    )
