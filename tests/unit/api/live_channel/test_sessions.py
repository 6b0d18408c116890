"""How many channels there may be, and who may take up a session again."""

import asyncio

import pytest

from muniment.api.live_channel.pace import Pace
from muniment.api.live_channel.session import Owner, Session
from muniment.api.live_channel.sessions import RESUMABLE_S, Sessions
from muniment.api.live_channel.told import AnswerDelta
from muniment.api.problems.problem import Problem
from muniment.api.settings import ApiSettings

ME, OTHER_KEY = Owner("acme", "key:a", "a"), Owner("acme", "key:b", "b")


class Line:
    """A connection that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def leave(self) -> None:
        self.told.append("leave")

    def superseded(self) -> None:
        self.told.append("superseded")


def sessions(**settings: int) -> Sessions:
    """With these limits."""
    return Sessions(ApiSettings(**settings))  # type: ignore[arg-type]


def test_a_key_and_a_process_have_their_limits() -> None:
    """One connection too many of a key, or of all, is refused; one that ends makes room."""
    made = sessions(live_per_key=2, live_max=3)
    lines = [Line() for _ in range(3)]
    opened = []
    for line, who in zip(lines, (ME, ME, OTHER_KEY), strict=True):
        made.admit(who)
        opened.append(made.open(who, line))
    for who in (ME, OTHER_KEY):
        with pytest.raises(Problem, match="too_many_connections"):
            made.admit(who)
    made.lose(opened[0], lines[0])
    made.admit(ME)
    made.close()
    assert [line.told for line in lines] == [[], ["leave"], ["leave"]]
    with pytest.raises(Problem, match="not_ready"):
        made.admit(ME)


def test_a_session_is_taken_up_by_its_owner_alone() -> None:
    """Another key, a name that was never given, or one of too long ago: each has to begin anew."""
    clock = [0.0]
    made = Sessions(ApiSettings(), clock=lambda: clock[0])
    first, second = Line(), Line()
    lost = made.open(ME, first)
    made.lose(lost, first)
    lost.lost_at = 0.0
    assert made.resume(lost.id, 0, OTHER_KEY, made.open(OTHER_KEY, second)) is None
    fresh = made.open(ME, second)
    assert made.resume("never given", 0, ME, fresh) is None
    assert made.resume(lost.id, 0, ME, fresh) is lost
    made.lose(lost, second)
    lost.lost_at = 0.0
    clock[0] = RESUMABLE_S + 1
    made.forget()
    assert made.resume(lost.id, 0, ME, made.open(ME, Line())) is None


def test_a_session_that_is_still_open_goes_to_the_new_connection() -> None:
    """The client knows better than the server that its old connection is dead: that one is closed."""
    made, old, new = sessions(), Line(), Line()
    mine = made.open(ME, old)
    fresh = made.open(ME, new)
    assert made.resume(mine.id, 0, ME, fresh) is mine
    assert (old.told, new.told) == (["superseded"], [])
    made.lose(mine, old)
    made.close()
    assert new.told == ["leave"]


async def test_the_answers_of_a_session_that_is_left_for_another_end() -> None:
    """Whoever takes up the old session never reads the fresh one: nothing is written, or paid for, for it any more."""
    made, old, new = sessions(), Line(), Line()
    mine = made.open(ME, old)
    made.lose(mine, old)
    fresh = made.open(ME, new)
    kept = asyncio.create_task(answering(mine))
    left = asyncio.create_task(answering(fresh))
    mine.answers["q"], fresh.answers["q"] = kept, left
    await asyncio.sleep(0)
    assert made.resume(mine.id, 0, ME, fresh) is mine
    await asyncio.wait({left}, timeout=5)
    assert (left.cancelled(), kept.done()) == (True, False)
    mine.end()
    await asyncio.wait({kept}, timeout=5)


async def answering(session: Session) -> None:
    """An answer that goes on for as long as it is let."""
    while True:
        await session.say_with_room(AnswerDelta(id="q", text="word "))
        await asyncio.sleep(0)


def test_a_pace_lets_through_what_it_says() -> None:
    """Twice a second's worth at once, then so many a second, and each key by itself."""
    clock = [0.0]
    pace = Pace(10, clock=lambda: clock[0])
    assert [pace.take("a") for _ in range(21)] == [True] * 20 + [False]
    assert pace.take("b")
    clock[0] += 1.0
    assert sum(pace.take("a") for _ in range(30)) == 10
