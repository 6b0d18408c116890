"""Sentences and words, in English and Korean."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.writing.sentences import content_words, sentences


def cut(text: str) -> list[str]:
    """The sentences of a text."""
    return [text[start:end] for start, end in sentences(text)]


def test_sentences_end_where_people_end_them() -> None:
    """At full stops, question marks and line ends; not within numbers, and a mark after the end belongs to it."""
    assert cut("It is 3.5 m. Is it? Yes!\nHOST: So.") == ["It is 3.5 m.", "Is it?", "Yes!", "HOST: So."]
    assert cut("It is so. [1] And so on [2]. End") == ["It is so. [1]", "And so on [2].", "End"]
    assert cut("휴가는 15일이다. 그렇다.[2, 3] 끝") == ["휴가는 15일이다.", "그렇다.[2, 3]", "끝"]
    assert cut("“So it is.” He left.") == ["“So it is.”", "He left."]


def test_forms_of_a_word_have_one_stem() -> None:
    """Endings and particles do not tell words apart; digits and thousands are numbers."""
    assert content_words("Working employees required classes") == content_words("work employee require class")
    assert content_words("정책을 휴가는") == content_words("정책 휴가")
    assert content_words("1,000원 and 15일") == ["1000", "원", "15", "일"]
    assert not content_words("the and of")


@given(st.text(alphabet="ab. \n?!\"'”)]다。1[,", max_size=80))
def test_sentences_hold_all_that_is_no_space(text: str) -> None:
    """In order, without overlap, trimmed, and nothing is lost between them."""
    spans = sentences(text)
    assert all(start < end and text[start:end] == text[start:end].strip() for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    assert "".join("".join(text[s:e] for s, e in spans).split()) == "".join(text.split())
