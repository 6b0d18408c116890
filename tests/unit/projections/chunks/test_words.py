"""How texts and queries become words."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.chunks.hangul import pairs, without
from muniment.projections.chunks.words import latin, paired, quoted, terms


def test_hangul_becomes_overlapping_pairs() -> None:
    """Each run gives its pairs; a single syllable stays; other scripts are left out."""
    assert pairs("도서관에서 책 and 한글") == ["도서", "서관", "관에", "에서", "책", "한글"]
    assert pairs("plain") == []
    assert paired("도서관") == "도서 서관"
    assert without("a도서b").split() == ["a", "b"]


def test_joined_names_are_taken_apart() -> None:
    """Dots, slashes, colons between letters separate; a full stop at the end stays one."""
    assert latin("os.path.join a/b std::x end.") == "os path join a b std::x end."


def test_a_single_syllable_asks_for_a_beginning() -> None:
    """One character matches every pair that starts with it; each term is asked for once."""
    assert terms(["run", "run"], "책 도서") == ["'run'", "'책':*", "'도서'"]


@given(st.text())
def test_any_lexeme_is_quoted_whole(text: str) -> None:
    """No character of a query can end its quotes."""
    inside = quoted(text)[1:-1]
    assert inside.replace("\\\\", "").replace("''", "").count("'") == 0
    assert inside.replace("\\\\", "").count("\\") == 0


@given(st.text(alphabet="가나다라 ab"))
def test_a_part_of_a_run_is_found_in_it(text: str) -> None:
    """The pairs of any part of at least two syllables are among the pairs of the whole."""
    for run in text.split():
        clean = "".join(c for c in run if c not in "ab")
        if len(clean) >= 2 and clean == run:
            assert set(pairs(run[:2])) <= set(pairs(text))
