"""The writer that is no model: it quotes, says so, and refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.writing.citations import claims, holds
from muniment.producers.writing.extractive import HEADS, ExtractiveWriter, extract
from muniment.producers.writing.writer import Asked, Finished, Source
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused

LEAVE = Source(
    1, "Handbook", "Leave", 3, "The canteen opens at noon. Every employee has 25 days of paid leave a year. It is blue."
)
CARRY = Source(2, "Handbook", "Leave", 4, "Paid leave that was not taken by March lapses. Dogs are welcome.")
FAQ = Source(3, "Questions", None, None, "Paid leave is granted by the head of the team.")
KOREAN = Source(
    1, "취업규칙", None, 2, "회사는 매년 연차 휴가를 부여한다. 구내식당은 정오에 연다. 연차 휴가는 15일이다."
)


async def written(brief: str, sources: tuple[Source, ...], language: str = "en", most: int = 1000) -> list[str]:
    """The pieces, without the end; the end is checked."""
    writer = ExtractiveWriter(lambda text: len(text.split()))
    items = [i async for i in writer.write(Asked((), most, brief=brief, language=language, sources=sources))]
    assert isinstance(items[-1], Finished)
    assert (items[-1].tokens_in, items[-1].tokens_out) == (0, 0)
    return [item for item in items if isinstance(item, str)]


async def test_it_says_what_it_is_and_quotes_with_numbers() -> None:
    """The head comes first, then the sentences that bear on the brief, by document, each with its passage."""
    text = "".join(await written("How many days of paid leave are there?", (LEAVE, CARRY, FAQ)))
    assert text.startswith(HEADS["en"])
    assert "## Handbook\n\nEvery employee has 25 days of paid leave a year. [1]\n" in text
    assert "Paid leave that was not taken by March lapses. [2]\n" in text
    assert text.index("## Questions") > text.index("[2]")
    assert "canteen" not in text
    assert "Dogs" not in text


async def test_it_speaks_korean() -> None:
    """A Korean brief finds Korean sentences through particles and endings, under a Korean head."""
    text = "".join(await written("연차 휴가는 며칠입니까?", (KOREAN,), "ko"))
    assert text.startswith(HEADS["ko"])
    assert "연차 휴가는 15일이다. [1]" in text
    assert "구내식당" not in text


@pytest.mark.parametrize("brief", ["quantum chromodynamics of neutron stars", "휴가", "?!", "the and of"])
async def test_it_refuses_where_there_is_nothing(brief: str) -> None:
    """What the documents do not speak of is not written about."""
    with pytest.raises(Refused) as caught:
        await written(brief, (LEAVE, CARRY))
    assert caught.value.code is ErrorCode.NOTHING_FOUND


async def test_it_keeps_to_the_length_that_was_asked_for() -> None:
    """Past it, it ends between two sentences and says why."""
    writer = ExtractiveWriter(lambda text: len(text.split()))
    asked = Asked((), 45, brief="paid leave", sources=(LEAVE, CARRY, FAQ))
    items = [item async for item in writer.write(asked)]
    text = "".join(item for item in items if isinstance(item, str))
    assert items[-1] == Finished("length", 0, 0, writer.model)
    assert len(text.split()) <= 45
    assert text.rstrip().endswith("[1]")


async def test_references_of_the_documents_are_no_citations() -> None:
    """A mark in a passage names something there: each citation of the extract is of where its sentence stands."""
    review = Source(1, "Review", None, 1, "Paid leave is rare [2]. Paid leave is paid by the day [14, 15]. [3]")
    menu = Source(2, "Menu", None, 1, "Paid leave is on no menu.")
    text = "".join(await written("paid leave", (review, menu)))
    assert "Paid leave is rare. [1]" in text
    found = list(claims(text))
    assert [claim.number for claim in found] == [1, 1, 2]
    assert all(holds(claim.words, {1: review, 2: menu}[claim.number].text) for claim in found)


WORDS = st.lists(st.sampled_from(["paid", "leave", "days", "noon", "25", "회사", "휴가", "연차"]), max_size=12).map(
    " ".join
)


@given(WORDS, st.lists(WORDS, max_size=5))
def test_every_line_stands_in_its_source(brief: str, texts: list[str]) -> None:
    """Whatever the words: each line is word for word in the passage whose number it bears."""
    sources = [Source(n, "T", None, None, text) for n, text in enumerate(texts, 1)]
    for section in extract(brief, sources):
        for said, number in section.lines:
            assert said in texts[number - 1]
