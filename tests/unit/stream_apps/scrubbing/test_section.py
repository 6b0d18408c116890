"""A section survives the way through the blob."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.stream_apps.scrubbing.offsets import Edit
from muniment.stream_apps.scrubbing.section import ScrubbedSection

NUMBERS = st.integers(0, 1 << 40)
SECTIONS = st.builds(
    ScrubbedSection,
    text=st.text(),
    start=NUMBERS,
    page=st.none() | NUMBERS,
    heading=st.none() | st.text(),
    edits=st.lists(st.builds(Edit, NUMBERS, NUMBERS, NUMBERS)).map(tuple),
)


@given(SECTIONS)
def test_a_section_comes_back_as_it_was_written_on_one_line(section: ScrubbedSection) -> None:
    """Reading what was written gives the same section, and it never breaks the line."""
    line = section.to_json()
    assert b"\n" not in line
    assert ScrubbedSection.from_json(line) == section


@pytest.mark.parametrize(
    "line", [b"", b"{}", b"[]", b"{", b'{"text": "a", "start": 0, "page": 1, "heading": "", "edits": [[1]]}']
)
def test_a_damaged_line_is_undecodable(line: bytes) -> None:
    """Damage has a code of its own, and the error does not quote the text."""
    with pytest.raises(StepFailure) as caught:
        ScrubbedSection.from_json(line)
    assert caught.value.code is ErrorCode.UNDECODABLE


def test_the_end_counts_what_was_replaced() -> None:
    """A section ends where its original ended."""
    section = ScrubbedSection("a [ip] b", start=100, edits=(Edit(2, 4, 9),))
    assert section.end == 113
    assert section.to_original(6) == 111
