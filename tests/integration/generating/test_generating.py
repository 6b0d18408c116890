"""A draft from request to answer, on a real database, with a server of both protocols."""

import asyncio
from uuid import UUID

import pytest
from support.drafting import SPENT, TENANT, TEXTS_FOUND, Desk, asked_of, desk, found
from support.model_server import recorded, saying

from muniment.producers.breakers.policy import BreakerLimits
from muniment.producers.budget import Allowance
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.scripts import (
    CitationsChecked,
    DraftFailed,
    DraftPrompted,
    DraftRefused,
    DraftRequested,
    DraftStreamed,
    DraftWritten,
)
from muniment.schemas.topics import DLQ
from muniment.stream_apps.generating.prompting import Window, texts


async def test_the_whole_exchange_is_on_the_log(either: Desk) -> None:
    """Prompt with its passages, pieces, answer with citations that were checked, tokens and cost; the model was asked
    exactly what the log says."""
    record = await either.ask(seed=7)
    assert await either.work(record) == "done"
    requested, prompted, written = await either.said()
    assert isinstance(requested, DraftRequested)
    assert isinstance(prompted, DraftPrompted)
    assert isinstance(written, DraftWritten)
    assert (prompted.attempt, prompted.template, prompted.template_version) == (1, "script", 1)
    assert prompted.model in {"gpt-4.1-mini", "claude-sonnet-5"}
    assert [p.document_id for p in prompted.passages] == [UUID(int=n) for n in (1, 2, 3)]
    assert texts(str(prompted.prompt)) == dict(enumerate(TEXTS_FOUND, 1))
    (call,) = either.server.calls
    assert str(call.body["messages"][-1]["content"]) in str(prompted.prompt).replace("\\n", "\n").replace('\\"', '"')
    pieces = await either.said(DraftStreamed)
    assert "".join(piece.text for piece in pieces) == written.text
    assert [piece.index for piece in pieces] == list(range(len(pieces)))
    assert [piece.tokens for piece in pieces] == sorted(piece.tokens for piece in pieces)
    assert [(c.number, c.document_id, c.page, c.holds) for c in written.citations] == [
        (1, UUID(int=1), 1, True),
        (1, UUID(int=1), 1, False),
    ]
    assert "4711" in written.text[written.citations[1].said_from : written.citations[1].said_to]
    assert (written.tokens_in, written.tokens_out, written.cost_micros) == (412, 57, 412 + 570)
    assert tuple(await either.pool.fetchrow(SPENT)) == (469, 982)


async def test_the_prompt_is_confirmed_before_the_model_is_called(one: Desk) -> None:
    """While the log is away no model is asked, and nothing is paid."""
    record = await one.ask()
    one.log.away = True
    working = asyncio.create_task(one.work(record))
    await asyncio.sleep(0.3)
    assert not one.server.calls
    one.log.away = False
    assert await working == "done"
    names = [r.header("ce_type") for r in one.log.sent]
    assert names.index("muniment.DraftPrompted.v1") < names.index("muniment.DraftStreamed.v1")


async def test_a_crash_in_mid_stream_is_another_try(one: Desk) -> None:
    """Both prompts are on the log, the draft is written once, and what the first try cost is counted."""
    record = await one.ask()
    one.server.script.append(saying("openai", ["word "] * 500, gap_s=0.01))
    working = asyncio.create_task(one.work(record))
    while len(await one.said(DraftStreamed)) < 2:  # noqa: ASYNC110 - the log is what is waited for
        await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    assert (await one.pool.fetchrow(SPENT))["tokens"] > 0
    assert await one.work(record) == "done"
    prompts, written = await one.said(DraftPrompted), await one.said(DraftWritten)
    assert [prompt.attempt for prompt in prompts] == [1, 2]
    assert [answer.attempt for answer in written] == [2]
    assert {piece.attempt for piece in await one.said(DraftStreamed)} == {1, 2}
    identities = [r.header("ce_id") for r in one.log.sent]
    assert len(identities) == len(set(identities))


async def test_an_answer_that_was_paid_for_is_not_paid_for_again(one: Desk) -> None:
    """A worker that dies with the answer in hand leaves it to the next, which asks no model."""
    record = await one.ask()
    envelope = await one.codec.decode(record)
    in_hand = [item async for item in one.step.run(envelope)][-1]
    assert await one.work(record) == "done"
    assert len(one.server.calls) == 1
    (published,) = [r for r in one.log.sent if r.header("ce_type") == "muniment.DraftWritten.v1"]
    assert isinstance(in_hand, Record)
    assert published.value == in_hand.value
    assert await one.work(record) == "done"
    assert len(await one.said(DraftWritten)) == 1, "what is settled is said no more"
    assert await one.pool.fetchval("select count(*) from muniment_generating.drafts where value is not null") == 0


async def test_a_cancelled_draft_hangs_up(either: Desk) -> None:
    """In mid-stream: the connection is closed, and no answer follows."""
    record = await either.ask()
    either.server.answer = lambda protocol, _: saying(protocol, ["word "] * 3000, gap_s=0.01)
    working = asyncio.create_task(either.work(record))
    while not await either.said(DraftStreamed):  # noqa: ASYNC110 - the log is what is waited for
        await asyncio.sleep(0.02)
    either.cancelled.cancel((await asked_of(either, record)).job_id)
    assert await working == "cancelled"
    async with asyncio.timeout(60):
        await either.server.calls[0].closed.wait()
    assert not await either.said(DraftWritten)


async def test_a_provider_that_is_away_uses_up_no_attempt(one: Desk) -> None:
    """It waits as it was asked to; after enough failures the breaker opens, and then nobody is called."""
    for _ in range(BreakerLimits().failures):
        one.server.script.append(recorded("openai", "away"))
    one.server.script.appendleft(recorded("openai", "rate_limited"))
    waited = []
    for _ in range(BreakerLimits().failures + 1):
        assert await one.work(await one.ask()) == "wait"
        waited.append(retry_state(one.log.sent[-1]))
    assert [(state.attempt, state.waits) for state in waited if state] == [(0, 1)] * len(waited)
    assert waited[0] is not None
    assert waited[0].due_ms - waited[0].first_failed_ms == 7000
    assert one.breaker.shown().state == "open"
    calls = len(one.server.calls)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await one.work(await one.ask())
    assert len(one.server.calls) == calls


async def test_a_prompt_that_is_too_large_is_made_smaller(database_url: str) -> None:
    """The second one has half the memory, as the log says of both."""
    long = [found(n, f"Every employee number {n} has paid leave. " * 20) for n in range(1, 25)]
    async with desk(database_url) as made:
        made.retrieval.passages = long
        made.server.script.append(recorded("openai", "too_large"))
        assert await made.work(await made.ask()) == "done"
        first, second = await made.said(DraftPrompted)
        assert second.memory_tokens <= first.memory_tokens / 2 < 1000
        assert len(second.passages) < len(first.passages)
        assert (first.attempt, second.attempt) == (1, 2)
        (answer,) = await made.said(DraftWritten)
        assert answer.attempt == 2


async def test_memory_never_takes_more_than_its_share(database_url: str) -> None:
    """Passages by rank until the share is used; the rest stays out."""
    async with desk(database_url, window=Window(1000, 0.2)) as made:
        made.retrieval.passages = [found(n, "paid leave " * 40) for n in range(1, 9)]
        assert await made.work(await made.ask()) == "done"
        (prompted,) = await made.said(DraftPrompted)
        assert [p.number for p in prompted.passages] == [1, 2]
        assert prompted.memory_tokens == sum(p.tokens for p in prompted.passages) <= 200
        assert prompted.prompt_tokens + 200 <= prompted.window_tokens == 1000


async def test_a_spent_budget_stops_before_the_call(database_url: str) -> None:
    """The record waits for the next day; the model hears nothing of it."""
    async with desk(database_url, allowance=Allowance(tokens=400)) as made:
        assert await made.work(await made.ask()) == "done"
        assert await made.work(await made.ask()) == "wait"
        state = retry_state(made.log.sent[-1])
        assert state is not None
        assert state.due_ms - state.first_failed_ms == 12 * 3600 * 1000
        assert len(made.server.calls) == 1


async def test_nothing_found_and_no_brief_are_refused(one: Desk) -> None:
    """No model is asked where there is nothing to write from, or about."""
    one.retrieval.passages = ()
    assert await one.work(await one.ask()) == "done"
    assert await one.work(await one.ask("  ")) == "done"
    one.retrieval.passages = [found(1, "x")]
    one.server.script.append(recorded("openai", "filtered"))
    assert await one.work(await one.ask()) == "done"
    codes = [refused.code for refused in await one.said(DraftRefused)]
    assert codes == ["nothing_found", "brief_missing", "model_refused"]
    assert len(one.server.calls) == 1


async def test_without_a_model_it_is_an_extract(database_url: str) -> None:
    """It costs nothing, every citation holds, and the log names the rule."""
    async with desk(database_url, "extractive") as made:
        assert await made.work(await made.ask()) == "done"
        assert await made.work(await made.ask("quantum chromodynamics")) == "done"
        (prompted, _), (written,) = await made.said(DraftPrompted), await made.said(DraftWritten)
        assert (prompted.provider, prompted.model) == ("extractive", "extract-1")
        assert written.citations
        assert all(citation.holds for citation in written.citations)
        assert (written.tokens_in, written.tokens_out, written.cost_micros) == (0, 0, 0)
        (refused,) = await made.said(DraftRefused)
        assert refused.code == "nothing_found"
        assert not await made.pool.fetch(SPENT)


async def test_a_record_that_dies_fails_its_draft(one: Desk) -> None:
    """What the provider rejects is a dead letter, and the public topic says where it is; sent back, it is written."""
    one.server.script.append(recorded("openai", "rejected"))
    record = await one.ask()
    assert await one.work(record) == "dead"
    (failed,) = await one.said(DraftFailed)
    asked = await asked_of(one, record)
    assert (failed.draft_id, failed.job_id, failed.code) == (asked.draft_id, asked.job_id, "provider_rejected")
    assert failed.letter.startswith(DLQ.name)
    assert await one.work(record) == "done"
    assert len(await one.said(DraftWritten)) == 1


async def test_an_erased_draft_is_not_written(one: Desk) -> None:
    """Neither when its brief cannot be read any more, nor when its key goes while it is being written."""
    record = await one.ask()
    await one.ring.destroy(TENANT, (await asked_of(one, record)).draft_id)
    assert await one.work(record) == "done"
    other = await one.ask()
    draft_id = (await asked_of(one, other)).draft_id
    one.server.script.append(saying("openai", ["word "] * 3000, gap_s=0.02))
    working = asyncio.create_task(one.work(other))
    while not await one.said(DraftStreamed):  # noqa: ASYNC110 - the log is what is waited for
        await asyncio.sleep(0.02)
    await one.ring.destroy(TENANT, draft_id)
    assert await working == "done"
    assert [refused.code for refused in await one.said(DraftRefused)] == ["key_destroyed"] * 2
    assert not await one.said(DraftWritten)


async def test_a_document_that_is_being_forgotten_is_put_before_no_model(one: Desk) -> None:
    """The try is given up before anything is said, and a later one looks again."""
    await one.pool.execute(
        "insert into muniment_keys.data_keys (key_id, tenant, document_id, kek_id, created_at, destroyed_at) "
        "values (gen_random_uuid(), $1, $2, 'k', now(), now() + interval '1 hour')",
        TENANT,
        UUID(int=2),
    )
    record = await one.ask()
    assert await one.work(record) == "retry"
    assert not one.server.calls
    assert not await one.said(DraftPrompted)
    one.retrieval.passages = [found(1, TEXTS_FOUND[0])]
    assert await one.work(record) == "done"


async def test_what_a_person_wrote_is_checked_against_the_first_prompt(one: Desk) -> None:
    """Through a chain of revisions; a mark that leads nowhere does not hold."""
    record = await one.ask()
    await one.work(record)
    first = await asked_of(one, record)
    one.retrieval.passages = ()
    text = "Employees have 25 days of paid leave. [1] They have 99 days. [2] So they say [17]."
    revised = await one.revise(first.draft_id, text)
    assert await one.work(revised) == "done"
    again = await one.revise((await one.codec.decode(revised)).event.draft_id, "Leave lapses in March. [2]")  # type: ignore[attr-defined]
    assert await one.work(again) == "done"
    one_, two = await one.said(CitationsChecked)
    assert [(c.number, c.holds, c.document_id) for c in one_.citations] == [
        (1, True, UUID(int=1)),
        (2, False, UUID(int=2)),
        (17, False, None),
    ]
    assert [(c.number, c.holds) for c in two.citations] == [(2, True)]
    assert len(one.server.calls) == 1
