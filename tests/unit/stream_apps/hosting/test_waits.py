"""What records wait for in place, as `/health` of a worker shows it."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.stream_apps.hosting.health import Health
from muniment.stream_apps.hosting.waits import MOST, Waiting, Waits
from muniment.stream_apps.retrying.waited import Repeated

AWAY = StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "refused")


def test_records_that_wait_for_the_same_are_told_once():
    """The one that has waited longest, and how many there are: a database that is away holds up all of them."""
    now = [0.0]
    waits = Waits(clock=lambda: now[0])
    with waits.of("chunking", "t:0:1") as one, waits.of("chunking", "t:0:2") as other, waits.of("chunking", "t:0:3"):
        one.on(AWAY)
        now[0] = 5.0
        other.on(AWAY)
        one.on(AWAY)
        now[0] = 12.0
        assert waits.shown() == [
            {"step": "chunking", "position": "t:0:1", "code": "database_unavailable", "detail": "refused",
             "records": 2, "for_s": 12.0}
        ]  # fmt: skip
        one.on(StepFailure(ErrorCode.KEY_RING_UNUSABLE, "key 7"))
        assert {(w["code"], w["for_s"]) for w in waits.shown()} == {
            ("key_ring_unusable", 12.0),
            ("database_unavailable", 7.0),
        }
    assert waits.shown() == []


@given(st.lists(st.tuples(st.integers(0, 30), st.booleans()), max_size=60))
def test_what_is_shown_is_what_waits(steps):
    """Whatever comes and goes, in whatever order: never more than a few, the longest first."""
    now = [0.0]
    waits = Waits(clock=lambda: now[0])
    held, expected = {}, {}
    for number, waits_now in steps:
        now[0] += 1
        waiting = held.setdefault(number, Waiting(waits, "s", f"t:0:{number}"))
        if waits_now:
            waiting.on(StepFailure(ErrorCode.KEY_RING_UNUSABLE, f"key {number}"))
            expected.setdefault(number, now[0])
        else:
            waiting.over()
            expected.pop(number, None)
    oldest = sorted(expected, key=expected.__getitem__)[:MOST]
    assert [one["position"] for one in waits.shown()] == [f"t:0:{number}" for number in oldest]
    for waiting in held.values():
        waiting.over()


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=40))
def test_a_record_is_shown_once_and_until_the_last_of_its_calls_has_ended(steps):
    """Since the first of them failed, with what was told last by one that still waits."""
    now = [0.0]
    waits = Waits(clock=lambda: now[0])
    expected, since = {}, 0.0
    with waits.of("s", "t:0:1"):
        calls = [Repeated() for _ in range(5)]
        for number, fails in steps:
            now[0] += 1
            if fails:
                since = since if expected else now[0]
                calls[number].on(StepFailure(ErrorCode.LOG_UNAVAILABLE, f"topic {number}"))
                expected.pop(number, None)
                expected[number] = f"topic {number}"
            else:
                calls[number].over()
                expected.pop(number, None)
            told = [(one["detail"], one["records"], one["for_s"]) for one in waits.shown()]
            assert told == [(text, 1, now[0] - since) for text in list(expected.values())[-1:]]
    assert waits.shown() == []


async def test_a_task_that_outlives_its_record_shows_nothing_any_more():
    """What a record started for the whole house goes on when it is settled, and is not told as its wait for ever."""
    waits, ended, told = Waits(), asyncio.Event(), asyncio.Event()

    async def outlive() -> None:
        with Repeated() as call:
            call.on(AWAY)
            told.set()
            await ended.wait()
            call.on(AWAY)
            assert waits.shown() == []

    with waits.of("chunking", "t:0:1"):
        task = asyncio.create_task(outlive())
        await told.wait()
        assert len(waits.shown()) == 1
    assert waits.shown() == []
    ended.set()
    await task
    assert waits.shown() == []


def test_a_call_that_is_no_records_tells_nobody():
    """Sweeps and carriers repeat their calls, too, and no record is being settled there."""
    waits = Waits()
    with waits.of("chunking", "t:0:1"):
        pass
    with Repeated() as call:
        call.on(AWAY)
        assert waits.shown() == []


def test_waiting_is_no_reason_to_be_restarted():
    """A worker that waits is well, and says what it waits for until its hosts are stopped."""
    health, waits = Health(), Waits(clock=lambda: 0.0)
    health.add("chunking", lambda: {"running": True})
    health.show_waits(waits.shown)
    with waits.of("chunking", "t:0:1") as waiting:
        waiting.on(AWAY)
        state = health.state()
        assert (state["ok"], len(state["waits"])) == (True, 1)
        health.clear()
        assert health.state()["waits"] == []
