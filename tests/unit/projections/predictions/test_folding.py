"""What is typed is the beginning of what is meant, at every stroke, in both languages."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.predictions.folding import composed, enough, folded, letters, lexemes, mark, wanted

SYLLABLE = st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3)
KOREAN = st.text(SYLLABLE, min_size=1, max_size=8)
WORD = st.text(st.sampled_from("abcdefgh휴가규정연차"), min_size=1, max_size=6)


@pytest.mark.parametrize("shown", ["ㅎ", "휴", "휵", "휴가", "휴갖", "휴가ㅈ", "휴가지"])
def test_whatever_the_screen_shows_while_it_is_typed_begins_the_word(shown: str) -> None:
    """An unfinished syllable, a letter that stands alone, a final that becomes an initial: all begin the word."""
    word = "휴게실" if shown == "휵" else "휴가지"
    assert folded(word).startswith(folded(shown))


@pytest.mark.parametrize(("shown", "word"), [("고", "과학"), ("갑", "값"), ("ㅘ", "ㅗㅏ"), ("달", "닭")])
def test_compound_letters_are_typed_one_after_the_other(shown: str, word: str) -> None:
    """A vowel or a final of two letters begins with the first of them."""
    assert folded(word).startswith(folded(shown))


@given(KOREAN)
def test_letters_tell_words_apart_as_strokes_do(word: str) -> None:
    """Every syllable becomes two to five letters that are typed, none of which is a syllable any more."""
    said = letters(word)
    assert 2 * len(word) <= len(said) <= 5 * len(word)
    assert all("ㄱ" <= one <= "ㅣ" for one in said)
    assert letters(unicodedata.normalize("NFC", unicodedata.normalize("NFD", word))) == said


@given(st.lists(WORD, min_size=1, max_size=4), st.data())
def test_beginnings_of_its_words_find_a_phrase(words: list[str], data: st.DataObject) -> None:
    """Every lexeme that is looked for begins one of the phrase's, whatever beginnings of which words were typed."""
    phrase = " ".join(words)
    chosen = data.draw(st.lists(st.sampled_from(words), min_size=1, max_size=3))
    typed = " ".join(word[: data.draw(st.integers(1, len(word)))] for word in chosen)
    found = lexemes("acme", phrase)
    looked_for = [one.strip("'").removesuffix("':*") for one in wanted("acme", typed).split(" & ")]
    assert all(any(one.startswith(word) for one in found) for word in looked_for)


def test_a_korean_word_is_found_within_a_compound_and_a_latin_one_is_not() -> None:
    """휴가 finds 연차휴가규정; ave does not find leave."""
    found = lexemes("acme", "연차휴가규정 leave")
    assert mark("acme") + letters("휴가규정") in found
    assert not any(one.startswith(mark("acme") + "ave") for one in found)


def test_case_width_form_and_punctuation_do_not_count() -> None:
    """The same words are the same letters however they are written."""
    assert folded("Leave-Policy: 2026") == folded("ＬＥＡＶＥ policy_2026") == "leave policy 2026"
    assert folded(unicodedata.normalize("NFD", "휴가")) == folded("휴가")
    assert composed("  a\n b\t") == "a b"


def test_two_tenants_share_no_lexeme() -> None:
    """An index read for one tenant has nothing of another under the same words."""
    assert not set(lexemes("acme", "leave")) & set(lexemes("umbrella", "leave"))


@given(st.text(max_size=400))
def test_anything_can_be_folded_and_asked_for(text: str) -> None:
    """Whatever is typed, what is looked for is bounded and has nothing in it that a query is made of."""
    asked = wanted("acme", text)
    assert len(folded(text).encode(errors="surrogatepass")) <= 2600
    assert all(len(one.encode(errors="surrogatepass")) < 2046 for one in lexemes("acme", text))
    for one in asked.split(" & ") if asked else []:
        assert one.startswith("'")
        assert one.endswith("':*")
        assert not set(one[1:-3]) & set("'\\&|!()<>: ")


@pytest.mark.parametrize(("typed", "found"), [("", False), ("a", False), ("?!", False), ("le", True), ("휴", True)])
def test_two_letters_are_enough(typed: str, found: bool) -> None:
    """One Latin letter foretells nothing, one Korean syllable does."""
    assert enough(typed) == found
