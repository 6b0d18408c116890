"""Citations resolve, and are held against what they cite."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.writing.citations import checked, claims, holds
from muniment.producers.writing.sentences import sentences
from muniment.schemas.scripts import Passage

LEAVE = "Every employee has 25 days of paid leave a year, as the handbook says. It is granted by the head of the team."
HANGUL = "회사는 매년 연차 휴가 15일을 부여한다. 남은 휴가는 3월까지 쓸 수 있다."


def passage(number: int) -> Passage:
    """A passage of that number."""
    return Passage(
        number=number,
        document_id=UUID(int=number),
        version=3,
        ordinal=7,
        page=2,
        start=10,
        end=90,
        tokens=20,
        score=0.03,
        vector_rank=1,
        words_rank=None,
    )


@pytest.mark.parametrize(
    ("said", "there", "expected"),
    [
        ("Employees have 25 days of paid leave", LEAVE, True),
        ("Every employee has 25 days of paid leave a year", LEAVE, True),
        ("Employees have 30 days of paid leave", LEAVE, False),
        ("Whales sing at night in the ocean", LEAVE, False),
        ("The handbook says: “paid leave a year, as the Handbook says”", LEAVE, True),
        ("The handbook says: “unpaid leave for two years”", LEAVE, False),
        ("직원은 연차 휴가를 15일 부여받는다", HANGUL, True),
        ("직원은 연차 휴가를 20일 부여받는다", HANGUL, False),
        ("고래는 밤에 노래한다", HANGUL, False),
        ("", LEAVE, False),
    ],
)
def test_what_holds(said: str, there: str, expected: bool) -> None:
    """Quotations to the letter, numbers all of them, words at least half; Korean through its particles."""
    assert holds(said, there) is expected


def test_each_mark_stands_for_its_part_of_the_sentence() -> None:
    """Two marks in one sentence are two claims; marks side by side share one; after the full stop is before it."""
    text = (
        "Leave is 25 paid days [1], and the canteen opens at noon every day [2]. All of that is true. [3][4] So [5, 6]."
    )
    found = [(claim.number, claim.words.strip(" ,.")) for claim in claims(text)]
    assert found[0] == (1, "Leave is 25 paid days")
    assert found[1] == (2, "and the canteen opens at noon every day")
    assert [number for number, _ in found] == [1, 2, 3, 4, 5, 6]
    assert found[2][1] == found[3][1] == "All of that is true"


def test_a_citation_says_where_its_passage_lies() -> None:
    """Document, version, page and offsets are the passage's; a number that leads nowhere is marked, not dropped."""
    good, bad = checked("HOST: Leave is 25 paid days. [1]\nGUEST: No [9].", {1: passage(1)}, {1: LEAVE})
    assert (good.document_id, good.version, good.ordinal, good.page) == (UUID(int=1), 3, 7, 2)
    assert (good.start, good.end, good.holds) == (10, 90, True)
    assert (bad.number, bad.document_id, bad.holds) == (9, None, False)


@given(st.text(alphabet="ab 1.[]2,\n?!가나“”", max_size=120), st.dictionaries(st.integers(1, 3), st.text(max_size=30)))
def test_every_mark_is_one_citation_or_more_within_the_text(text: str, texts: dict[int, str]) -> None:
    """Whatever the text: bounds are those of sentences, only known numbers resolve, a repeat says the same."""
    known = {number: passage(number) for number in texts}
    found = checked(text, known, texts)
    assert found == checked(text, known, texts)
    bounds = {start for start, _ in sentences(text)}
    for one in found:
        assert one.said_from in bounds
        assert one.said_from < one.said_to <= len(text)
        assert (one.document_id is not None) == (one.number in texts)
        assert one.document_id is not None or not one.holds


@given(st.lists(st.sampled_from(["leave", "days", "25", "paid", "휴가", "team"]), min_size=4, max_size=12))
def test_what_stands_in_the_passage_word_for_word_holds(words: list[str]) -> None:
    """A text that quotes a passage whole is borne out by it."""
    said = " ".join(words)
    assert holds(said, f"Before. {said.upper()}  and after")
