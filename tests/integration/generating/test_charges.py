"""Every call of a model that was paid for is on the log once, whatever became of it."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest
from support.drafting import NOW, SPENT, TENANT, Desk, asked_of
from support.model_server import recorded, saying

from muniment.producers.budget import TEXTS, Allowance, PostgresBudget
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import DraftRefused, DraftStreamed, DraftWritten
from muniment.stream_apps.generating.charges import Charge, Charges
from muniment.stream_apps.generating.charging import Telling

LEFT = "select count(*) from muniment_generating.charges"
LONG = ["word "] * 3000


async def until_streamed(made: Desk, pieces: int = 1) -> None:
    """Wait until so many pieces are on the log."""
    async with asyncio.timeout(60):
        while len(await made.said(DraftStreamed)) < pieces:  # noqa: ASYNC110 - the log is what is waited for
            await asyncio.sleep(0.02)


async def settled(made: Desk) -> list[Any]:
    """What calls have cost by the log, which says the same as the budget and leaves nothing to be told."""
    found = await made.said(DraftCharged) + await made.said(DraftWritten)
    told = [(e.draft_id, e.attempt) for e in found]
    assert len(told) == len(set(told)), "each call is told once"
    spent = await made.pool.fetchrow(SPENT)
    sums = sum(e.tokens_in + e.tokens_out for e in found), sum(e.cost_micros for e in found)
    assert sums == (tuple(spent) if spent else (0, 0))
    assert await made.pool.fetchval(LEFT) == 0
    return await made.said(DraftCharged)


def telling(made: Desk, *, abandoned_s: float = 3600.0) -> Telling:
    """Another process that looks for calls that nobody has told of."""
    budget = PostgresBudget(made.pool, Allowance(), TEXTS)
    return Telling(Charges(made.pool), made.log, lambda _: budget, lambda: NOW, abandoned_s=abandoned_s)


async def test_what_a_model_would_not_write_is_paid_for_all_the_same(one: Desk) -> None:
    """The provider's own figures, told before it is said that no draft comes of it."""
    one.server.script.append(recorded("openai", "filtered"))
    record = await one.ask()
    assert await one.work(record) == "done"
    (charged,) = await settled(one)
    asked = await asked_of(one, record)
    assert (charged.draft_id, charged.job_id, charged.attempt) == (asked.draft_id, asked.job_id, 1)
    assert (charged.code, charged.estimated, charged.model) == ("model_refused", False, "gpt-4.1-mini")
    assert charged.tokens_in > 0
    assert charged.cost_micros == charged.tokens_in + 10 * charged.tokens_out
    events = await one.said()
    assert [type(e) for e in events[-2:]] == [DraftCharged, DraftRefused]


async def test_a_cancelled_draft_has_cost_what_was_written_of_it(either: Desk) -> None:
    """Counted here, since the provider did not get to say it; told though the job is worked on no more."""
    record = await either.ask()
    either.server.answer = lambda protocol, _: saying(protocol, LONG, gap_s=0.01)
    working = asyncio.create_task(either.work(record))
    await until_streamed(either, 2)
    either.cancelled.cancel((await asked_of(either, record)).job_id)
    assert await working == "cancelled"
    (charged,) = await settled(either)
    assert (charged.code, charged.estimated) == ("broken_off", True)
    assert 0 < charged.tokens_out < 3000
    assert await either.work(record) == "cancelled"
    assert len(await settled(either)) == 1


async def test_an_answer_that_is_cut_is_paid_for_beside_the_one_that_is_kept(either: Desk) -> None:
    """Each try is told with its number: the first as broken off, the second as the draft."""
    answers = [{"cut_after": 5}, {}]
    either.server.answer = lambda protocol, _: saying(protocol, LONG[:9], **answers.pop(0))
    record = await either.ask()
    assert await either.work(record) == "wait"
    assert [charged.attempt for charged in await settled(either)] == [1]
    assert await either.work(record) == "done"
    (charged,) = await settled(either)
    (written,) = await either.said(DraftWritten)
    assert (charged.attempt, written.attempt) == (1, 2)


async def test_what_was_written_of_an_erased_draft_was_paid_for(one: Desk) -> None:
    """Its key is gone, and what it cost holds nobody's words."""
    record = await one.ask()
    one.server.script.append(saying("openai", LONG, gap_s=0.02))
    working = asyncio.create_task(one.work(record))
    await until_streamed(one)
    await one.ring.destroy(TENANT, (await asked_of(one, record)).draft_id)
    assert await working == "done"
    (charged,) = await settled(one)
    assert charged.code == "broken_off"
    assert [refused.code for refused in await one.said(DraftRefused)] == ["key_destroyed"]


async def test_of_two_answers_to_one_request_both_were_paid_for(one: Desk) -> None:
    """The first is the draft; the other is told as overtaken."""
    record = await one.ask()
    envelope = await one.codec.decode(record)
    one.server.script.extend(saying("openai", ["word "] * 20, gap_s=0.02) for _ in range(2))

    async def run() -> list[Any]:
        return [item async for item in one.step.run(envelope)]

    first, second = await asyncio.gather(run(), run())
    assert first[-1].value == second[-1].value
    assert await one.work(record) == "done"
    (charged,) = await settled(one)
    assert (charged.code, charged.estimated) == ("overtaken", False)


async def test_a_killed_call_is_told_by_whoever_settles_the_draft(one: Desk) -> None:
    """As of its last note; the one that took its place is told as the draft."""
    record = await one.ask()
    envelope = await one.codec.decode(record)
    one.server.script.append(saying("openai", LONG, gap_s=0.01))
    killed = one.step.run(envelope)
    await anext(killed)
    await anext(killed)
    assert await one.work(record) == "done"
    (charged,) = await settled(one)
    assert (charged.attempt, charged.code, charged.estimated) == (1, "broken_off", True)
    # It was not dead after all: what it still has to say of its cost is too late, and its answer, too.
    async with aclosing(killed):  # type: ignore[type-var]
        pass
    await settled(one)


async def test_a_call_that_nobody_goes_on_with_is_told_after_a_while(one: Desk) -> None:
    """Killed, and cancelled before anybody took the record up: whoever looks tells of it, and counts it."""
    envelope = await one.codec.decode(await one.ask())
    one.server.script.append(saying("openai", LONG, gap_s=0.01))
    killed = one.step.run(envelope)
    await anext(killed)
    await telling(one).tell()
    assert not await one.said(DraftCharged), "it may still be at work"
    await asyncio.gather(*(telling(one, abandoned_s=0).tell() for _ in range(3)))
    (charged,) = await settled(one)
    assert charged.code == "broken_off"
    await killed.aclose()  # type: ignore[attr-defined]
    assert len(await settled(one)) == 1


async def test_an_answer_whose_call_was_given_up_is_not_kept(one: Desk) -> None:
    """Whoever ends a call first is right: it is told as broken off, and the draft is written anew."""
    record = await one.ask()
    one.server.script.append(saying("openai", ["word "] * 60, gap_s=0.02))
    working = asyncio.create_task(one.work(record))
    await until_streamed(one)
    await telling(one, abandoned_s=0).tell()
    assert await working == "retry"
    assert await one.work(record) == "done"
    (written,) = await one.said(DraftWritten)
    assert written.attempt == 2
    assert [charged.attempt for charged in await settled(one)] == [1]


async def test_an_answer_that_was_kept_and_never_said_is_told_as_it_is(one: Desk) -> None:
    """Its job was cancelled between the two: it was paid for, and the log has it once."""
    record = await one.ask()
    in_hand = [item async for item in one.step.run(await one.codec.decode(record))][-1]
    assert await one.pool.fetchval(LEFT) == 1
    await telling(one).tell()
    assert not await one.said(DraftWritten)
    await telling(one, abandoned_s=0).tell()
    assert not await settled(one)
    (published,) = [r for r in one.log.sent if r.header("ce_type") == DraftWritten.declaration.ce_type]
    assert published.value == in_hand.value


async def test_a_cancellation_that_meets_the_first_note_leaves_it_told_once(
    one: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is there, and whoever made it was cancelled before it heard so."""
    begin = Charges.begin

    async def begun(self: Charges, charge: Charge) -> None:
        await begin(self, charge)
        monkeypatch.setattr(Charges, "begin", begin)
        raise asyncio.CancelledError

    monkeypatch.setattr(Charges, "begin", begun)
    envelope = await one.codec.decode(await one.ask())
    with pytest.raises(asyncio.CancelledError):
        _ = [item async for item in one.step.run(envelope)]
    assert [charged.code for charged in await settled(one)] == ["broken_off"]


async def test_while_the_log_is_away_it_is_told_later(one: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cancelled job ends without it; the next look tells it, once."""
    monkeypatch.setattr("muniment.stream_apps.generating.charging.TELL_S", 0.2)
    monkeypatch.setattr("muniment.stream_apps.generating.charges.CLAIMED_S", 0.0)
    record = await one.ask()
    one.server.script.append(saying("openai", LONG, gap_s=0.01))
    working = asyncio.create_task(one.work(record))
    await until_streamed(one)
    one.log.away = True
    one.cancelled.cancel((await asked_of(one, record)).job_id)
    async with asyncio.timeout(20):
        assert await working == "cancelled"
    assert not await one.said(DraftCharged)
    one.log.away = False
    await telling(one).tell()
    await telling(one).tell()
    assert len(await settled(one)) == 1


async def test_what_waits_for_a_log_that_is_away_is_counted_all_the_same(
    one: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several that are taken up together only the first is tried; the others are counted when they are told."""
    monkeypatch.setattr("muniment.stream_apps.generating.charging.TELL_S", 0.2)
    monkeypatch.setattr("muniment.stream_apps.generating.charges.CLAIMED_S", 0.0)
    killed = []
    for _ in range(3):
        envelope = await one.codec.decode(await one.ask())
        one.server.script.append(saying("openai", LONG, gap_s=0.01))
        killed.append(one.step.run(envelope))
        await anext(killed[-1])
    one.log.away = True
    with pytest.raises(TimeoutError):
        await telling(one, abandoned_s=0).tell()
    one.log.away = False
    await telling(one, abandoned_s=0).tell()
    assert len(await settled(one)) == 3
    for call in killed:
        await call.aclose()  # type: ignore[attr-defined]
