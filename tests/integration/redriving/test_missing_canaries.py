"""Canaries that the broker does not show, or that somebody has in hand: the rest waits for a canary all the same."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from support.redriving import Yard, redrive, utc_now

from muniment.schemas.operations import RedriveEnded, RedriveStarted
from muniment.stream_apps.redriving.store import RedrivingStore

OUT = "select count(*) from muniment_operating.letters where state = 'redriven'"


def lose(yard: Yard, fingerprint: str, count: int) -> list[str]:
    """So many letters, older than all others, whose places hold no record; where they should lie."""
    known = yard.letters.letters[0]
    first = len(yard.letters.letters)
    places = [f"muniment.dlq:0:{1000 + first + n}" for n in range(count)]
    failed_at = known.failed_at - timedelta(hours=1)
    yard.letters.letters += [
        replace(known, letter=place, fingerprint=fingerprint, failed_at=failed_at) for place in places
    ]
    return places


async def test_the_next_of_its_cause_goes_in_a_missing_canarys_place(yard: Yard) -> None:
    """However many are missing: of each cause one is out, and the others go when it has passed."""
    some = await yard.bury(4, fingerprint="a")
    others = await yard.bury(3, fingerprint="b")
    missing = [*lose(yard, "a", 2), *lose(yard, "c", 1)]
    yard.redrive_all()
    (started,) = await yard.order(redrive(canary=1))
    assert isinstance(started, RedriveStarted)
    await yard.until(OUT, 2)
    await asyncio.sleep(1)
    canaries = await yard.out()
    assert sorted(await yard.out_of()) == sorted([some[0], others[0]])
    await yard.end_all("done", canaries[:1])
    await asyncio.sleep(1)
    assert len(await yard.out()) == 2
    await yard.end_all("done", canaries[1:])
    assert await yard.ended(started.redrive_id) == "done"
    assert await yard.out_of() == dict.fromkeys([*some, *others], 1)
    (end,) = [e.event for e in await yard.said() if isinstance(e.event, RedriveEnded)]
    assert "3 are not on the dead-letter topic" in end.reason
    (later,) = await yard.order(redrive())
    assert isinstance(later, RedriveStarted)
    assert sorted(later.letters) == sorted(missing)


async def test_a_canary_in_its_place_that_dies_ends_the_redrive(yard: Yard) -> None:
    """It counts as any canary: the others stay as they were."""
    letters = await yard.bury(5)
    lose(yard, "f1", 1)
    yard.redrive_all()
    (started,) = await yard.order(redrive(canary=1))
    assert isinstance(started, RedriveStarted)
    await yard.until(OUT, 1)
    (out,) = await yard.out()
    await yard.fail_again(out)
    assert await yard.ended(started.redrive_id) == "canary_failed"
    assert await yard.out_of() == {letters[0]: 1}


async def test_a_stopped_redrive_puts_nothing_in_a_canarys_place(yard: Yard) -> None:
    """Stopped while its canary was looked for: the others may be taken by the next one, with numbers of that."""
    await yard.bury(3)
    store = RedrivingStore(yard.pool, utc_now)
    await yard.order(redrive(canary=1))
    (running,) = await store.running()
    taken = await store.claim(running, below=running.canaries, most=1)
    await store.end(running, "stopped", "enough")
    await store.put_back(running.redrive_id, taken)
    left = await yard.pool.fetch("select state, redrive_id, number from muniment_operating.letters")
    assert [tuple(row) for row in left] == [("waiting", None, None)] * 3


async def test_a_canary_that_somebody_has_in_hand_is_out(yard: Yard) -> None:
    """Claimed by one who may be frozen, or send it yet: who leads now does not go on to the rest."""
    await yard.bury(3)
    store = RedrivingStore(yard.pool, utc_now)
    await yard.order(redrive(canary=1))
    (running,) = await store.running()
    await store.claim(running, below=running.canaries, most=1)
    progress = await store.progress(running)
    assert (progress.canaries_left, progress.canaries_out, progress.left) == (0, 1, 2)
