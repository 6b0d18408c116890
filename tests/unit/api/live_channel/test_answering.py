"""Answers from hits: cited as they come, counted, and honest about who wrote them."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.answers import Hit, Scores
from muniment.api.live_channel.answering import Cited, Ended, Marks, Piece, WrittenAnswers, language_of
from muniment.producers.writing.cost import Prices
from muniment.producers.writing.extractive import ExtractiveWriter
from muniment.producers.writing.writer import Asked, Finished, Writing
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure


def hit(text: str, number: int = 0) -> Hit:
    """A hit with this text."""
    return Hit(
        document_id=uuid4(), version=1, ordinal=number, title="Leave policy", file_name="leave.md", page=2,
        heading="Days", start=10, end=10 + len(text), text=text, highlights=[], scores=Scores(score=1.0),
    )  # fmt: skip


HITS = [hit("Every employee has 25 days of annual leave.", 0), hit("Sick leave is not annual leave.", 1)]


class Account:
    """A budget that remembers what was spent, and has enough left until it is told otherwise."""

    def __init__(self) -> None:
        self.spends: list[tuple[str, int, int]] = []
        self.left = True

    async def check(self, tenant: str, now: datetime) -> None:
        """Raise when nothing is left."""
        if not self.left:
            raise StepFailure(ErrorCode.BUDGET_SPENT, "nothing is left for today")

    async def spent(self, tenant: str, now: datetime, tokens: int, cost_micros: int) -> None:
        """Remember."""
        self.spends.append((tenant, tokens, cost_micros))


class Model:
    """A model that says what it is told to."""

    provider, model = "openai", "toy"

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces
        self.asked: list[Asked] = []

    async def _write(self) -> Writing:
        for piece in self.pieces:
            yield piece
        yield Finished("stop", 100, 20, "toy")

    def write(self, asked: Asked) -> Writing:
        """The pieces."""
        self.asked.append(asked)
        return self._write()


async def ready() -> None:
    """Everything is."""


def answers(writer: object, account: Account, of_project: Callable[[UUID], Account] | None = None) -> WrittenAnswers:
    """Answers by this writer."""
    prices = Prices(Decimal(1), Decimal(10))
    return WrittenAnswers(writer, account, prices, lambda: datetime.now(UTC), ready, of_project=of_project)  # type: ignore[arg-type]


async def test_an_answer_is_told_with_what_it_stands_on() -> None:
    """Each hit is named when the text first cites it, even where a mark is torn in two; what it took is counted."""
    account, model = Account(), Model("25 days [", "1]. Not for sickness [1, 2] or [9].")
    given_ = [piece async for piece in answers(model, account).answer("acme", "how many days", HITS, "en")]
    assert [type(piece) for piece in given_] == [Piece, Piece, Cited, Cited, Ended]
    assert [(one.number, one.hit) for one in given_ if isinstance(one, Cited)] == [(1, HITS[0]), (2, HITS[1])]
    ended = given_[-1]
    assert isinstance(ended, Ended)
    assert (ended.reason, ended.tokens_in, ended.tokens_out, ended.cost_micros) == ("stop", 100, 20, 300)
    assert account.spends == [("acme", 120, 300)]
    assert "how many days" in model.asked[0].messages[-1].content
    assert [source.number for source in model.asked[0].sources] == [1, 2]


async def test_what_does_not_hold_is_marked() -> None:
    """Each mark is held against its own passage when the text is whole; a number that leads nowhere does not hold."""
    text = "Every employee has 25 days of annual leave [1]. Sick leave is 40 days [2]. So it is [9]."
    answer = answers(Model(text[:50], text[50:]), Account()).answer("acme", "how many days", HITS, "en")
    *_, ended = [piece async for piece in answer]
    assert isinstance(ended, Ended)
    assert [(one.number, one.holds) for one in ended.citations] == [(1, True), (2, False), (9, False)]
    assert [text[one.said_from : one.said_to] for one in ended.citations][1] == "Sick leave is 40 days [2]."


async def test_an_answer_that_is_broken_off_is_paid_for() -> None:
    """Who cancels has had a part of it written: so much is put on the tenant's account."""
    account = Account()
    answer = answers(Model("some words", "more"), account).answer("acme", "how many days", HITS, "en")
    await anext(answer)
    await answer.aclose()
    ((tenant, tokens, cost),) = account.spends
    assert (tenant, tokens > 0, cost > 0) == ("acme", True, True)


async def test_a_question_within_a_project_is_on_its_account() -> None:
    """A project's hard stop counts for what is asked in it, too; other questions are on the tenant's alone."""
    tenants, projects, project_id = Account(), {}, uuid4()

    def of_project(named: UUID) -> Account:
        return projects.setdefault(named, Account())

    made = answers(Model("25 days [1]."), tenants, of_project)
    [piece async for piece in made.answer("acme", "how many days", HITS, "en", project_id)]
    assert (projects[project_id].spends, tenants.spends) == ([("acme", 120, 300)], [])
    [piece async for piece in made.answer("acme", "how many days", HITS, "en")]
    assert (len(projects[project_id].spends), len(tenants.spends)) == (1, 1)
    projects[project_id].left = False
    with pytest.raises(StepFailure):
        await anext(made.answer("acme", "how many days", HITS, "en", project_id))


async def test_an_extract_says_that_it_is_one_and_costs_nothing() -> None:
    """Without a model the answer quotes word for word, says so at its head, and cites what it quotes."""
    account = Account()
    made = answers(ExtractiveWriter(len), account)
    given_ = [p async for p in made.answer("acme", "how many days of annual leave has an employee", HITS, "en")]
    text = "".join(piece.text for piece in given_ if isinstance(piece, Piece))
    assert made.provider == "extractive"
    assert "no language model wrote it" in text
    assert "Every employee has 25 days of annual leave. [1]" in text
    assert next(one.number for one in given_ if isinstance(one, Cited)) == 1
    assert account.spends == []


async def test_an_extract_of_nothing_is_refused() -> None:
    """Where the hits have next to nothing to do with the question, there is no answer."""
    with pytest.raises(Refused, match="nothing_found"):
        await anext(answers(ExtractiveWriter(len), Account()).answer("acme", "volcanoes of Iceland", HITS, "en"))


@given(st.lists(st.sampled_from(["text ", "[1]", "[2, 1]", "[3]", "[", "]", "1", "[12]"]), max_size=12), st.data())
def test_marks_are_found_wherever_the_text_is_torn(parts: list[str], data: st.DataObject) -> None:
    """The same hits are cited, in the same order, in however many pieces a text comes."""
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole, torn = Marks(HITS), Marks(HITS)
    assert [one.number for p in pieces for one in torn.read(p)] == [one.number for one in whole.read(text)]


@pytest.mark.parametrize(("question", "language"), [("how many days", "en"), ("연차 며칠?", "ko"), ("", "en")])
def test_an_answer_is_in_the_language_of_the_question(question: str, language: str) -> None:
    """Hangul asks for Korean."""
    assert language_of(question) == language
