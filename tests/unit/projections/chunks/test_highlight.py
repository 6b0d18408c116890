"""Where the words of a query stand."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.chunks.highlight import Highlighter, merged


def marked(text: str, lexemes: list[str], asked: str) -> list[str]:
    """The marked pieces of a text."""
    return [text[start:end] for start, end in Highlighter(lexemes, asked)(text)]


def test_forms_of_a_word_are_marked() -> None:
    """A stem marks the words that begin with it, also where a y became an i."""
    assert marked("Running runs; a study of studies", ["run", "studi"], "") == ["Running", "runs", "study", "studies"]


def test_korean_is_marked_without_its_particle() -> None:
    """The pairs that a query shares with a word are marked as one piece."""
    assert marked("도서관에서 책을", [], "도서관은 책") == ["도서관", "책"]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)).map(lambda p: (p[0], p[0] + p[1]))))
def test_merged_spans_cover_the_same_and_lie_apart(spans: list[tuple[int, int]]) -> None:
    """Merging keeps every character and leaves no two spans that touch."""
    out = merged(spans)
    assert {i for s, e in out for i in range(s, e)} == {i for s, e in spans for i in range(s, e)}
    assert all(a[1] < b[0] for a, b in pairwise(out))
