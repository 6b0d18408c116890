"""Records and positions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import positions

from muniment.schemas.record import Position, Record


@given(position=positions)
def test_a_position_reads_back(position: Position) -> None:
    """`parse` inverts `str`."""
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize("text", ["", "a", "a:1", "a:b:1", "a:1:", "a:1:x"])
def test_what_is_no_position_is_a_value_error(text: str) -> None:
    """A token from outside may hold anything."""
    with pytest.raises(ValueError, match=r".*"):
        Position.parse(text)


@given(headers=st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=5), extra=st.text(max_size=8))
def test_a_header_is_replaced_and_not_repeated(headers: dict[str, str], extra: str) -> None:
    """Sending a record round again does not make its headers grow."""
    record = Record("t", b"k", b"v", (("x", b"0"), ("other", b"1")), 1, 2, 3)
    again = record.with_headers(headers).with_headers(headers | {"x": extra})
    assert len(again.headers) == len({"x", "other"} | headers.keys())
    assert again.header("x") == extra
    assert (again.partition, again.offset) == (None, None)


def test_a_header_that_is_no_text_still_goes_out() -> None:
    """A lone surrogate (a file name of another encoding in an error) must not stop a record on its way to a retry."""
    assert Record("t", b"", b"", ()).with_headers({"error": "name \udcff"}).header("error") == "name ?"


def test_a_null_header_is_an_empty_one() -> None:
    """Kafka allows it, so a foreign producer may send it: it reads as empty, also on its way through a retry."""
    record = Record("t", b"", b"", (("tenant", None), ("x", b"1")))  # type: ignore[arg-type]
    assert record.header("tenant") == ""
    assert record.with_headers({"y": "2"}).headers == (("tenant", b""), ("x", b"1"), ("y", b"2"))


@pytest.mark.parametrize(
    "text",
    [
        "nowhere",
        "t:1",
        "t:x:1",
        "t:-1:0",
        "t:0:-1",
        f"t:{2**31}:0",
        f"t:0:{2**63 - 1}",
        "t\x00:0:0",
        "t" * 301 + ":0:0",
    ],
)
def test_what_is_no_place_of_a_log_is_none(text: str) -> None:
    """Numbers that no broker gives, names that no topic has: a header may say so, and nothing is kept of it."""
    with pytest.raises(ValueError):  # noqa: PT011 - as `int` and unpacking raise it, too
        Position.parse(text)


@given(
    st.text(st.characters(exclude_characters="\x00"), max_size=300),
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**63 - 2),
)
def test_every_place_of_a_log_reads_back(topic: str, partition: int, offset: int) -> None:
    """Every place that a log has comes back from its text."""
    place = Position(topic, partition, offset)
    assert Position.parse(str(place)) == place
