"""Cutting passages into sections."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from muniment.stream_apps.extracting.cutting import border, cut, storable
from muniment.stream_apps.extracting.section import Passage

CLUSTERS = ["\r\n", "e\u0301", "👩\u200d👩\u200d👧", "👍🏽", "🇰🇷", "\u1112\u1161\u11ab"]
LETTERS = st.sampled_from([*"ab .!\n\r한글", *CLUSTERS, "\n\n", "\x00", "\ud800"])
TEXTS = st.lists(LETTERS, max_size=60).map("".join)
PASSAGES = st.lists(
    st.builds(Passage, TEXTS, st.sampled_from([None, 1, 2]), st.sampled_from([None, "A", "B"])), max_size=12
)


@given(passages=PASSAGES, size_max=st.integers(16, 80))
def test_sections_join_to_the_whole_text_with_contiguous_offsets(passages: list[Passage], size_max: int) -> None:
    """Whatever comes in, nothing is lost, doubled or longer than allowed, and offsets are exact."""
    whole = storable("".join(passage.text for passage in passages))
    sections = list(cut(passages, size_max))
    assert "".join(section.text for section in sections) == whole
    for section in sections:
        assert 0 < len(section.text) <= size_max
        assert whole[section.start : section.end] == section.text


@given(passages=PASSAGES)
def test_a_section_lies_on_one_page_under_one_heading(passages: list[Passage]) -> None:
    """Each character keeps the page and heading of its passage."""
    places = [(passage.page, passage.heading) for passage in passages for _ in passage.text]
    found = [(section.page, section.heading) for section in cut(passages, 32) for _ in section.text]
    assert found == places


@given(text=st.text(st.sampled_from("a\r\n"), min_size=41, max_size=200))
def test_cr_lf_is_never_parted(text: str) -> None:
    """A line end of two characters stays whole, even where there is no better border."""
    sections = list(cut([Passage(text)], 20))
    assert not any(before.text.endswith("\r") and after.text.startswith("\n") for before, after in pairwise(sections))


@given(
    cluster=st.sampled_from(["e\u0301", "👩‍👩‍👧", "👍🏽", "🇰🇷", "\u1112\u1161\u11ab", "\r\n"]), shift=st.integers(0, 7)
)
def test_a_grapheme_is_never_parted(cluster: str, shift: int) -> None:
    """Combining marks, joined emoji, flags and Hangul made of jamo stay whole."""
    text = "x" * shift + (cluster + "x") * 60
    at = border(text, 0, 40)
    assert 20 < at <= 40
    assert (at - shift) % (len(cluster) + 1) in {0, len(cluster)} or at <= shift


def test_the_best_border_wins() -> None:
    """A paragraph's end is better than a line's, a line's better than a sentence's, that better than a word's."""
    assert border("a" * 25 + "\n\nb c\nd. e f" + "g" * 40, 0, 40) == 27
    assert border("a" * 25 + " c\nd. e f" + "g" * 40, 0, 40) == 28
    assert border("a" * 25 + " c. e f" + "g" * 40, 0, 40) == 29
    assert border("a" * 25 + " 한다。에 f" + "g" * 40, 0, 40) == 29
    assert border("a" * 25 + " e f" + "g" * 40, 0, 40) == 28
    assert border("a" * 80, 0, 40) == 40


def test_what_postgres_cannot_hold_is_replaced_in_place() -> None:
    """NUL and lone surrogates become U+FFFD one for one, so offsets hold."""
    assert storable("a\x00b\ud800c\udfff한") == "a\ufffdb\ufffdc\ufffd한"
