"""A consumer asks again at once on a quiet log, and rests a moment where little of a busy one is its business."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.stream_apps.hosting.pace import AWAKE_OFTEN, AWAKE_REST_S, AWAKE_S, OFTEN, REST_S, Pace, Wakefulness

MOST = 32


def rests(lane: str | None, every_s: float, count: int, *, records: int = 1, own: int = 0) -> list[float]:
    pace = Pace(lane, Wakefulness(), most=MOST)
    return [pace.looked(records, own, n * every_s) for n in range(count)]


def test_a_quiet_log_is_read_at_once() -> None:
    """A few records after a pause are no busy log, and records now and then never become one."""
    assert rests("interactive", 0.01, OFTEN) == [0.0] * OFTEN
    assert rests("interactive", 0.5, 50) == [0.0] * 50


def test_a_lane_without_work_reads_a_busy_log_in_handfuls() -> None:
    """Who finds other lanes' records time and again rests after each look, until the log is quiet again."""
    assert rests("interactive", 0.05, 15)[OFTEN:] == [REST_S] * (15 - OFTEN)
    pace = Pace("interactive", Wakefulness(), most=MOST)
    for n in range(50):
        pace.looked(1, 0, n * 0.05)
    assert pace.looked(1, 0, 60.0) == 0.0


def test_a_lane_with_work_rests_shortly() -> None:
    """One consumer's work keeps all of the lane awake for a while: they rest less, and only on a busier log."""
    lane = Wakefulness()
    working, other = (Pace("interactive", lane, most=MOST) for _ in range(2))
    working.looked(1, 1, 0.0)
    assert [other.looked(1, 0, n * 0.01) for n in range(15)] == [0.0] * AWAKE_OFTEN + [AWAKE_REST_S] * 5
    assert [other.looked(1, 0, AWAKE_S + n * 0.01) for n in range(5)] == [0.0] * OFTEN + [REST_S] * 2


@given(st.lists(st.tuples(st.integers(0, MOST), st.integers(1, MOST), st.floats(0, 0.1)), max_size=60))
def test_work_is_never_followed_by_a_rest(looks: list[tuple[int, int, float]]) -> None:
    """However busy the log is, a look that brought work is followed by the next one at once."""
    pace, now = Pace(None, Wakefulness(), most=MOST), 0.0
    for others, own, after_s in looks:
        now += after_s
        assert pace.looked(others + own, own, now) == 0.0


def test_a_backlog_is_read_without_a_rest() -> None:
    """A look that brought as much as it can is followed by the next one at once, in every lane."""
    for lane in ("interactive", "normal", "bulk"):
        assert rests(lane, 0.001, 50, records=MOST) == [0.0] * 50


def test_a_look_in_vain_counts_for_nothing() -> None:
    """The broker's word that there is nothing is no sign of a busy log."""
    assert rests("bulk", 0.001, 50, records=0) == [0.0] * 50


def test_an_import_gathers_its_own_records() -> None:
    """In the bulk lane nobody waits: it rests after records that it works on, too."""
    assert rests("bulk", 0.26, 20, own=1)[3:] == [REST_S] * 17


async def test_the_first_work_of_a_lane_ends_the_rests_of_its_others() -> None:
    """Who rests when the lane wakes up looks at the log at once; work in a lane that is awake disturbs nobody."""
    lane = Wakefulness()
    resting = asyncio.create_task(lane.rest(600.0))
    await asyncio.sleep(0)
    lane.work(0.0)
    await asyncio.wait_for(resting, 30)
    resting = asyncio.create_task(lane.rest(600.0))
    await asyncio.sleep(0)
    lane.work(1.0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(resting, 0.05)


async def test_a_rest_ends_by_itself() -> None:
    """Nobody has to wake a lane up."""
    await asyncio.wait_for(Wakefulness().rest(0.01), 30)
