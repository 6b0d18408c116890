"""What a client is sent: in order, once, and again when it comes back; a slow one is waited for."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.live_channel.session import HOPELESS, KEPT, WAITING, Owner, Session
from muniment.api.live_channel.told import AnswerDelta, AnswerEnd, Pong, Predictions

ME = Owner("acme", "key:a", "a")


def session() -> Session:
    """A new one."""
    return Session("s", ME)


def delta() -> AnswerDelta:
    """A piece of an answer."""
    return AnswerDelta(id="q", text="word ")


def sent(one: Session) -> list[dict[str, object]]:
    """What is sent now."""
    found = []
    while (text := one.next()) is not None:
        found.append(json.loads(text))
    return found


@given(st.lists(st.integers(0, 3), max_size=30), st.integers(0, 40))
def test_who_comes_back_is_sent_exactly_what_it_missed(steps: list[int], read: int) -> None:
    """Whatever was read before the loss, what follows is every later message in order, and nothing twice."""
    one = session()
    got = []
    for step in steps:
        one.say(delta())
        if step == 0:
            got += sent(one)
    last = min(read, len(got))
    one.lose()
    one.say(AnswerEnd(id="q", reason="stop"))
    assert sent(one) == []
    assert one.resume(last)
    assert [m["seq"] for m in sent(one)] == list(range(last + 1, len(steps) + 2))


def test_what_is_no_longer_kept_cannot_be_gone_on_with() -> None:
    """A client that lacks more than is kept, or speaks of messages that never were, has to begin anew."""
    one = session()
    for _ in range(KEPT + 10):
        one.say(delta())
    one.lose()
    assert not one.resume(5)
    assert not one.resume(one.seq + 1)
    assert one.resume(10)
    assert one.resume(one.seq)


def test_of_predictions_only_the_newest_waits() -> None:
    """A slow reader is sent the last predictions alone, after everything that has an order."""
    one = session()
    one.predict(Predictions(id="1", took_ms=1, items=[]))
    one.say(delta())
    one.predict(Predictions(id="2", took_ms=1, items=[]))
    assert [(m["type"], m.get("id")) for m in sent(one)] == [("answer.delta", "q"), ("predictions", "2")]
    one.predict(Predictions(id="3", took_ms=1, items=[]))
    one.drop_predictions()
    assert sent(one) == []


async def test_an_answer_waits_for_a_slow_reader() -> None:
    """With too many messages waiting an answer pauses, and goes on as soon as one was taken."""
    one = session()
    for _ in range(WAITING):
        await one.say_with_room(delta())
    pausing = asyncio.create_task(one.say_with_room(delta()))
    await asyncio.sleep(0.01)
    assert not pausing.done()
    one.next()
    async with asyncio.timeout(60):
        await pausing


async def test_an_answer_to_nobody_pauses_before_it_pushes_out_what_was_not_read() -> None:
    """While the connection is lost an answer goes on for as long as all of it can be sent again."""
    one = session()
    one.lose()
    for _ in range(KEPT // 2):
        await one.say_with_room(delta())
    pausing = asyncio.create_task(one.say_with_room(delta()))
    await asyncio.sleep(0.01)
    assert not pausing.done()
    assert one.resume(0)
    sent(one)
    async with asyncio.timeout(60):
        await pausing


def test_who_asks_on_and_on_without_reading_is_hopeless() -> None:
    """What answers messages at once is bounded by giving the connection up."""
    one = session()
    for _ in range(HOPELESS + 1):
        assert not one.hopeless
        one.tell(Pong())
    assert one.hopeless


def test_nothing_is_written_for_nobody() -> None:
    """What is of no interest later is dropped while the connection is lost."""
    one = session()
    one.lose()
    one.tell(Pong())
    one.predict(Predictions(id="1", took_ms=1, items=[]))
    assert one.resume(0)
    assert sent(one) == []


@pytest.mark.parametrize("lost", [False, True])
async def test_the_end_of_a_session_ends_its_answers(*, lost: bool) -> None:
    """Nothing is written on for somebody who does not come back."""
    one = session()
    one.answers["q"] = asyncio.create_task(asyncio.sleep(60))
    if lost:
        one.lose()
    one.end()
    await asyncio.sleep(0)
    assert one.answers["q"].cancelled() or one.answers["q"].cancelling()
