"""Pure parts of the Library: passages without what was said already, and what of a passage a hit shows."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from muniment.api.console.library.reading import blocks
from muniment.api.console.library.searching import excerpt
from muniment.projections.chunks.lineage import ChunkRow

TEXT = "Leave is 25 days a year. It is asked for in advance. Sick leave counts apart."


def chunk(ordinal: int, start: int, end: int, heading: str | None = None, text: str = TEXT) -> ChunkRow:
    """A passage of a text."""
    return ChunkRow(0, ordinal, text[start:end], heading, 1, start, end, 4)


def test_what_two_passages_share_is_shown_once():
    """The page reads like the text; headings stand where they change."""
    made = blocks([chunk(0, 0, 30, "Leave"), chunk(1, 20, 60, "Leave"), chunk(2, 50, 77, "Illness")], None)
    assert "".join(one.text for one in made) == TEXT.rstrip()
    assert [one.heading for one in made] == ["Leave", None, "Illness"]


def test_what_was_cited_is_marked_across_passages():
    """Each passage marks its part of it, wherever overlaps were cut off."""
    made = blocks([chunk(0, 0, 30), chunk(1, 20, 60), chunk(2, 50, 77)], (25, 55))
    said = [one.text[start:end] for one in made for start, end in one.marks]
    assert "".join(said) == TEXT[25:55]


@given(st.text(min_size=1, max_size=80), st.data())
def test_whatever_is_cited_is_marked_exactly(text: str, data: st.DataObject):
    """For any cut into overlapping passages, marks cover the cited characters that are shown, and no others."""
    cuts = sorted({0, len(text), *data.draw(st.lists(st.integers(0, len(text)), max_size=5))})
    pieces = [
        chunk(n, max(0, a - data.draw(st.integers(0, 5))), b, text=text) for n, (a, b) in enumerate(pairwise(cuts))
    ]
    start = data.draw(st.integers(0, len(text)))
    cited = (start, data.draw(st.integers(start, len(text))))
    for one in blocks(pieces, cited):
        for begin, end in one.marks:
            assert 0 <= begin < end <= len(one.text)
            assert one.text[begin:end] in text[cited[0] : cited[1]]


@given(st.text(alphabet="ab \n가", max_size=300), st.integers(8, 80), st.data())
def test_an_excerpt_is_a_part_of_its_passage(text: str, width: int, data: st.DataObject):
    """It is never longer than asked for, says whether something is left out, and its marks mark the same words."""
    at = data.draw(st.integers(0, max(0, len(text) - 2)))
    spans = [(at, at + 2)] if len(text) > 2 else []
    made = excerpt(text, spans, width)
    assert made.text in text
    assert len(made.text) <= max(width, 1)
    assert made.before == (not text.startswith(made.text)) or made.text in text[1:]
    for start, end in made.marks:
        assert made.text[start:end] == text[spans[0][0] : spans[0][1]]


def test_an_excerpt_shows_the_words_that_were_found():
    """However far back in the passage they are."""
    long = "filler " * 200 + "needle " + "filler " * 200
    at = long.index("needle")
    made = excerpt(long, [(at, at + 6)], 100)
    assert [made.text[a:b] for a, b in made.marks] == ["needle"]
    assert (made.before, made.after) == (True, True)
