"""Redrives on a real broker and a real Postgres: each letter once, canaries first, as fast as asked."""

import asyncio
import time
from dataclasses import replace
from uuid import UUID, uuid4

from support.redriving import STEP, Yard, dead, letter_of, ordered, redrive, redriver
from support.steps import TENANT
from support.toy_step import job

from muniment.schemas.operation_commands import DiscardDeadLetters, StopRedrive
from muniment.schemas.operations import (
    DeadLetterQuarantined,
    DeadLetterRedriven,
    DeadLettersDiscarded,
    OperationRejected,
    RedriveEnded,
    RedriveStarted,
)
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.topics import REDELIVERY


async def test_letters_go_back_to_their_step(yard: Yard) -> None:
    """As if they had never failed, but for origin and redrive; each is told of, and then the end."""
    letters = await yard.bury(30)
    yard.redrive_all()
    (started,) = await yard.order(redrive())
    assert isinstance(started, RedriveStarted)
    assert await yard.ended(started.redrive_id) == "done"
    records = await yard.out()
    assert {record.topic for record in records} == {yard.prefix + REDELIVERY[STEP].name}
    assert sorted(record.header("redrive_letter") or "" for record in records) == sorted(letters)
    for record in records:
        assert retry_state(record) is None
        assert (record.header("retry_origin") or "").startswith("muniment.documents:0:")
        assert (record.header("redrive_id"), record.header("redrive_times")) == (str(started.redrive_id), "1")
    said = await yard.said()
    told = [e.event for e in said if isinstance(e.event, DeadLetterRedriven)]
    assert sorted(one.letter for one in told) == sorted(letters)
    (end,) = [e for e in said if isinstance(e.event, RedriveEnded)]
    assert (end.event.outcome, end.event.redriven, end.event.left) == ("done", 30, 0)  # type: ignore[attr-defined]
    assert (end.meta.actor, end.meta.tenant) == ("key:operator", TENANT)
    assert (await yard.folded()).redrives == {}


async def test_two_commands_at_once_redrive_once(yard: Yard) -> None:
    """Operators with the same idea at the same moment: each letter goes out once, whoever gets it."""
    letters = await yard.bury(40)
    yard.redrive_all()
    decided = await asyncio.gather(*(yard.order(redrive(*letters[: 30 + i])) for i in range(6)))
    started = [event for events in decided for event in events if isinstance(event, RedriveStarted)]
    rejected = [event for events in decided for event in events if isinstance(event, OperationRejected)]
    assert len(started) + len(rejected) == 6
    assert all(event.code == "nothing_to_do" for event in rejected)
    taken = [name for event in started for name in event.letters]
    assert len(taken) == len(set(taken))
    for event in started:
        assert await yard.ended(event.redrive_id) == "done"
    assert dict(await yard.out_of()) == dict.fromkeys(taken, 1)


async def test_the_same_command_twice_is_one(yard: Yard) -> None:
    """A command that comes again, as after a crash, starts nothing new."""
    await yard.bury(3)
    command_id = uuid4()
    (first,) = await yard.order(redrive(), command_id=command_id)
    assert await yard.order(redrive(), command_id=command_id) == []
    assert isinstance(first, RedriveStarted)
    assert first.redrive_id == command_id
    # Decided, and not settled: the repeat publishes what was decided then, and decides nothing.
    await yard.bury(2)
    envelope, step = ordered(redrive()), yard.step()
    once = [r async for r in step.run(envelope) if isinstance(r, Record)]
    again = [r async for r in step.run(envelope) if isinstance(r, Record)]
    assert [r.value for r in again] == [r.value for r in once]
    assert len(once) == 1


async def test_the_rest_waits_for_the_canaries(yard: Yard) -> None:
    """One of each cause goes first; the others when all of these are done."""
    await yard.bury(5, fingerprint="a")
    await yard.bury(5, fingerprint="b")
    yard.redrive_all()
    (started,) = await yard.order(redrive(canary=1))
    assert isinstance(started, RedriveStarted)
    await yard.until("select count(*) from muniment_operating.letters where state = 'redriven'", 2)
    await asyncio.sleep(1)
    first = await yard.out()
    assert len(first) == 2
    await yard.end_all("done", first[:1])
    await asyncio.sleep(1)
    assert len(await yard.out()) == 2
    await yard.end_all("done", first[1:])
    assert await yard.ended(started.redrive_id) == "done"
    assert sum((await yard.out_of()).values()) == 10


async def test_a_canary_that_dies_ends_the_redrive(yard: Yard) -> None:
    """The others are left as they were and can be taken again; the end says who did not pass."""
    letters = await yard.bury(10)
    yard.redrive_all()
    (started,) = await yard.order(redrive(canary=2))
    assert isinstance(started, RedriveStarted)
    await yard.until("select count(*) from muniment_operating.letters where state = 'redriven'", 2)
    first, second = await yard.out()
    await yard.end_all("done", [first])
    again = await yard.fail_again(second)
    assert await yard.ended(started.redrive_id) == "canary_failed"
    assert sum((await yard.out_of()).values()) == 2
    (end,) = [e.event for e in await yard.said() if isinstance(e.event, RedriveEnded)]
    assert (end.redriven, end.left) == (2, 8)
    assert (second.header("redrive_letter") or "?") in end.reason
    (later,) = await yard.order(redrive())
    assert isinstance(later, RedriveStarted)
    assert set(later.letters) == {*letters, again.letter} - {one.header("redrive_letter") for one in (first, second)}


async def test_a_canary_that_never_ends_ends_the_redrive_in_the_end(yard: Yard) -> None:
    """Its step is halted, or waits for a provider: nobody has to come and stop it, and the end says which it was."""
    await yard.bury(5)
    yard.redrive_all(canary_s=1.0)
    (started,) = await yard.order(redrive(canary=1))
    assert isinstance(started, RedriveStarted)
    assert await yard.ended(started.redrive_id) == "canary_failed"
    (out,) = await yard.out()
    (end,) = [e.event for e in await yard.said() if isinstance(e.event, RedriveEnded)]
    assert (end.redriven, end.left) == (1, 4)
    assert end.reason == f"did not end within 1 s: {out.header('redrive_letter')}"


async def test_no_faster_than_asked(yard: Yard) -> None:
    """Thirty letters a second: thirty take a second, whatever the machine could do."""
    await yard.bury(60)
    yard.redrive_all()
    await asyncio.sleep(1)
    began = time.monotonic()
    (started,) = await yard.order(redrive(rate=30.0))
    assert isinstance(started, RedriveStarted)
    await yard.ended(started.redrive_id)
    took = time.monotonic() - began
    times = sorted(record.timestamp_ms or 0 for record in await yard.out())
    saved = 1 + 30 * 0.25
    assert took >= (60 - saved) / 30
    # In no second more than the rate and what may be saved up; twice that, since on a slow machine what was let go
    # just before that second may come at its beginning.
    assert max(sum(t <= other < t + 1000 for other in times) for t in times) <= 30 + 2 * saved


async def test_a_redrive_is_stopped_at_once(yard: Yard) -> None:
    """What has not gone out stays where it is; the end says how many that are, and that is so."""
    await yard.bury(200)
    yard.redrive_all()
    (started,) = await yard.order(redrive(rate=40.0))
    assert isinstance(started, RedriveStarted)
    await yard.until("select count(*) > 10 from muniment_operating.letters where state = 'redriven'", True)
    (end,) = await yard.order(StopRedrive(redrive_id=started.redrive_id, reason="enough"))
    assert isinstance(end, RedriveEnded)
    assert end.redriven + end.left == 200
    # What was on its way counts as gone out: it goes, and nothing after it.
    await yard.until("select count(*) from muniment_operating.letters where state = 'sending'", 0)
    await asyncio.sleep(1)
    out = await yard.out_of()
    assert sum(out.values()) == len(out) == end.redriven
    assert await yard.ended(started.redrive_id) == "stopped"
    (later,) = await yard.order(redrive())
    assert isinstance(later, RedriveStarted)
    assert await yard.ended(later.redrive_id) == "done"
    assert set((await yard.out_of()).values()) == {1}
    assert len(later.letters) == end.left


async def test_one_redriver_at_a_time(yard: Yard) -> None:
    """Of three only one leads; when it goes, another takes over, and nothing goes out twice."""
    await yard.bury(100)
    three = [redriver(yard) for _ in range(3)]
    tasks = {one: asyncio.create_task(one.run()) for one in three}
    try:
        (started,) = await yard.order(redrive(rate=30.0))
        assert isinstance(started, RedriveStarted)
        await yard.until("select count(*) > 10 from muniment_operating.letters where state = 'redriven'", True)
        (leader,) = [one for one in three if one.state()["leads"]]
        tasks[leader].cancel()
        assert await yard.ended(started.redrive_id) == "done"
        assert set((await yard.out_of()).values()) == {1}
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


async def test_what_fails_in_the_same_way_three_times_is_quarantined(yard: Yard) -> None:
    """Only a forced redrive takes it then; a failure of another kind begins to count anew."""
    (letter,) = await yard.bury(1)
    yard.redrive_all()
    for turn, fingerprint in enumerate(["f1", "other", "other", "other", "other"]):
        (started,) = await yard.order(redrive(letter))
        assert isinstance(started, RedriveStarted), turn
        await yard.ended(started.redrive_id)
        (record,) = [r for r in await yard.out() if r.header("redrive_id") == str(started.redrive_id)]
        assert record.header("redrive_times") == str(turn + 1)
        letter = (await yard.fail_again(record, fingerprint)).letter
    (rejected,) = await yard.order(redrive(letter))
    assert isinstance(rejected, OperationRejected)
    assert "1 quarantined" in rejected.reason
    await yard.until("select count(*) from muniment_operating.announcements", 0)
    (told,) = [e.event for e in await yard.said() if isinstance(e.event, DeadLetterQuarantined)]
    assert (told.letter, told.times) == (letter, 3)
    (forced,) = await yard.order(redrive(letter, force=True))
    assert isinstance(forced, RedriveStarted)


async def test_discarded_letters_stay_where_they_are(yard: Yard) -> None:
    """Nobody redrives them any more, nor discards them twice."""
    letters = await yard.bury(4)
    discard = DiscardDeadLetters(letters=tuple(letters[:3]), selection={}, confirmed=0, reason="a test import")
    (gone,) = await yard.order(discard)
    assert isinstance(gone, DeadLettersDiscarded)
    assert (gone.letters, gone.how) == (tuple(letters[:3]), "command")
    (again,) = await yard.order(discard)
    assert isinstance(again, OperationRejected)
    (started,) = await yard.order(redrive(force=True))
    assert isinstance(started, RedriveStarted)
    assert started.letters == (letters[3],)


async def test_other_tenants_letters_are_nobodys(yard: Yard) -> None:
    """Named or selected: a command sees the letters of its own tenant, and those of no tenant."""
    letters = await yard.bury(2)
    yard.letters.letters[1] = replace(yard.letters.letters[1], tenant="")
    (rejected,) = await yard.order(redrive(*letters), tenant="other")
    assert isinstance(rejected, OperationRejected)
    assert rejected.code == "dead_letter_not_found"
    (started,) = await yard.order(redrive(), tenant="other")
    assert isinstance(started, RedriveStarted)
    assert started.letters == (letters[1],)


async def test_a_letter_that_is_not_there_holds_up_nobody(yard: Yard) -> None:
    """A place with no record stays a letter that waits, and the end says so; the others go out."""
    (letter,) = await yard.bury(1)
    lost = replace(yard.letters.letters[0], letter="muniment.dlq:0:1000")
    yard.letters.letters.append(lost)
    yard.redrive_all()
    (started,) = await yard.order(redrive())
    assert isinstance(started, RedriveStarted)
    assert await yard.ended(started.redrive_id) == "done"
    assert await yard.out_of() == {letter: 1}
    (end,) = [e.event for e in await yard.said() if isinstance(e.event, RedriveEnded)]
    assert "1 are not on the dead-letter topic" in end.reason
    (later,) = await yard.order(redrive())
    assert isinstance(later, RedriveStarted)
    assert later.letters == (lost.letter,)


async def test_endings_of_strangers_change_nothing(yard: Yard) -> None:
    """Records with no redrive, a foreign one, or a broken header are no letters of ours."""
    plain = dead(1, record=job(TENANT))
    foreign = plain.with_headers({"redrive_id": str(UUID(int=1)), "redrive_letter": "muniment.dlq:0:1"})
    await yard.end_all("dead", [plain, foreign, plain.with_headers({"redrive_id": "x"})])
    assert await yard.pool.fetchval("select count(*) from muniment_operating.letters") == 0
    assert letter_of(replace(plain, partition=0, offset=1)).letter == "muniment.dlq:0:1"
