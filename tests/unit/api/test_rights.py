"""The rights that open streams stand on: asked for again, together; nobody is sent away while the database is away."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from muniment.api.problems.problem import Problem
from muniment.api.rights import Right, Rights
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

OFTEN_S = 0.01


class Answer:
    """What asking for a right comes to, and how often it was asked for."""

    def __init__(self, shown: bytes = b"key") -> None:
        self.raises: Exception | None = None
        self.problem: Problem | None = None
        self.asked = 0
        self.shown = shown

    def right(self) -> Right:
        """The right, made anew for every stream, as routes do."""
        return Right(self.shown, "acme", "documents:read", self.refused)

    async def refused(self) -> Problem | None:
        """See `Right.refused`."""
        self.asked += 1
        # As long as a question to a database takes: whoever asks besides would be seen to.
        await asyncio.sleep(0)
        if self.raises:
            raise self.raises
        return self.problem


async def until(true: Callable[[], Any]) -> None:
    """Wait until that is so."""
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(OFTEN_S / 4)


async def test_two_thousand_streams_of_a_key_are_one_question() -> None:
    """Each moment a right is asked for once, however many stand on it; when it is gone all of them hear of it."""
    rights, answer, lost = Rights(OFTEN_S), Answer(), list[Problem]()
    with ExitStack() as held:
        for _ in range(2000):
            held.enter_context(rights.held(answer.right(), lost.append))
        await until(lambda: answer.asked >= 3)
        assert lost == []
        asked, answer.problem = answer.asked, Problem("unauthorized", "gone")
        await until(lambda: lost)
        assert len(lost) == 2000
        assert answer.asked <= asked + 2


async def test_who_is_let_down_is_who_stands_on_it() -> None:
    """The loss of one right is nothing to those who stand on another."""
    rights, mine, yours, lost = Rights(OFTEN_S), Answer(b"mine"), Answer(b"yours"), list[str]()
    with (
        rights.held(mine.right(), lambda _: lost.append("mine")),
        rights.held(yours.right(), lambda _: lost.append("yours")),
    ):
        mine.problem = Problem("forbidden", "gone")
        await until(lambda: lost and yours.asked >= 3)
    assert set(lost) == {"mine"}


async def test_nobody_is_sent_away_while_nobody_can_tell() -> None:
    """With the database away, or a fault in the asking, streams stay open; afterwards rights are asked for again."""
    rights, answer, other, lost = Rights(OFTEN_S), Answer(b"a"), Answer(b"b"), list[Problem]()
    with rights.held(answer.right(), lost.append), rights.held(other.right(), lost.append):
        answer.raises = StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "away")
        await until(lambda: answer.asked >= 3)
        answer.raises = RuntimeError("a fault")
        asked = other.asked
        await until(lambda: other.asked >= asked + 2)
        assert lost == []
        answer.raises, answer.problem = None, Problem("unauthorized", "gone")
        await until(lambda: lost)


async def test_nothing_is_asked_while_nobody_listens() -> None:
    """The last who leaves ends the asking; whoever comes next begins it anew."""
    rights, answer = Rights(OFTEN_S), Answer()
    for _ in range(2):
        asked = answer.asked
        with rights.held(answer.right(), lambda _: None):
            await until(lambda: answer.asked > asked)  # noqa: B023 - waited for here
        asked = answer.asked
        await asyncio.sleep(5 * OFTEN_S)
        assert answer.asked == asked
