"""What a passage has of a sentence that cites it."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.api.console.studio.bearing import bearing

PASSAGE = "Everyone has twenty-five days of leave a year. Days that are not taken end with the year."


def marked(said, passage=PASSAGE):
    """The stretches that are marked."""
    return [passage[start:end] for start, end in bearing(said, passage).spans]


def test_words_of_the_sentence_are_marked_in_the_passage():
    """In whatever form they stand there; neighbours are marked as one stretch."""
    assert marked("There are days of leave each year [1].") == ["days of leave a year. Days", "year"]
    assert marked("Nothing of the kind [1].") == []


def test_what_the_passage_has_not_is_named():
    """A quotation that is not there word for word, and each number that is not."""
    found = bearing("It says “leave is never ever granted here” for 30 days [1].", PASSAGE)
    assert found.missing_quotations == ("leave is never ever granted here",)
    assert found.missing_numbers == ("30",)
    assert 0 < found.shared < found.words


def test_a_quotation_that_is_there_is_not_missing():
    """Case, spaces and the point at its end do not matter; a name in quotation marks is none."""
    found = bearing("It says “Days that are  not taken end with the YEAR.” in the “handbook” [1].", PASSAGE)
    assert found.missing_quotations == ()


def test_korean_words_are_found_with_other_endings():
    """What hangs on at the end of a word does not matter."""
    assert marked("휴가를 신청합니다 [1].", "모든 직원은 휴가가 있습니다.") == ["휴가가"]


@given(st.text(max_size=80), st.text(max_size=200))
def test_marks_lie_within_the_passage_in_order(said, passage):
    """Whatever either says."""
    reached = 0
    for start, end in bearing(said, passage).spans:
        assert reached <= start < end <= len(passage)
        reached = end
