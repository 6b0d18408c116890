"""What every host has to hold, on the real broker."""

import asyncio
from collections import Counter
from uuid import UUID, uuid4

import pytest
from support.hosted import QUICK, Hosted
from support.raw_batches import send_named
from support.toy_step import Do, job

from muniment.schemas.codec import decode
from muniment.schemas.documents import DocumentRefused
from muniment.schemas.ids import result_id, trace_of
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.topics import DLQ, DOCUMENTS, JOBS, RETRY_TIERS

pytestmark = pytest.mark.asyncio(loop_scope="module")


def ids(records: list[Record]) -> list[str | None]:
    return [r.header("ce_id") for r in records]


async def test_results_carry_derived_ids_and_come_once(hosted: Hosted) -> None:
    """Each result is there once, under the id that its cause, step, type and index give."""
    given = await hosted.give()
    cause = UUID(given.header("ce_id"))
    result = await hosted.result_of(given)
    progress = await hosted.wait_for(JOBS.name, given.key, 2)
    assert ids(result) == [str(result_id(cause, "indexing", "DocumentIndexed", 0))]
    assert ids(progress) == [str(result_id(cause, "indexing", "StepProgressed", i)) for i in (0, 1)]
    assert result[0].header("causation_id") == str(cause)
    assert trace_of(result[0].header("traceparent") or "") == trace_of(given.header("traceparent") or "")


async def test_records_of_others_pass(hosted: Hosted) -> None:
    """A record whose type the step does not read leaves nothing behind."""
    given = await hosted.give()
    result = (await hosted.result_of(given))[0]
    # The result itself came by on the same topic: it was not worked on.
    later = await hosted.give()
    await hosted.result_of(later)
    assert [d for d, _ in hosted.step.runs].count(UUID(given.key.decode())) == 1
    assert not hosted.found(DLQ.name, result.key)


@pytest.mark.parametrize("do", [Do.RAISE, Do.PANIC, Do.STRAY_CANCEL, Do.FAIL_LATE])
async def test_an_own_fault_walks_the_tiers_and_is_buried(hosted: Hosted, do: Do) -> None:
    """Whatever is raised: four retries, each in its tier, then one dead letter that says why and from where."""
    given = await hosted.give(do)
    dead = await hosted.dead_letter_of(given)
    state = retry_state(dead)
    assert state is not None
    assert (state.step, state.attempt, state.code, state.category) == ("indexing", 5, "unexpected", "transient")
    assert state.origin == Position(DOCUMENTS.name, given.partition or 0, given.offset or 0)
    assert len(state.fingerprint) == 16
    assert state.trace == trace_of(given.header("traceparent") or "")
    assert b"secret" not in b"".join(v for _, v in dead.headers)
    assert dead.value == given.value
    walked = [len(hosted.found(tier.name, given.key)) for tier in RETRY_TIERS]
    assert walked == [1, 1, 1, 1]
    assert len(hosted.found(DLQ.name, given.key)) == 1


async def test_a_fault_that_passes_is_forgotten(hosted: Hosted) -> None:
    """A record that fails twice and then works leaves its results and no dead letter."""
    given = await hosted.give(Do.RECOVER)
    assert len(await hosted.result_of(given)) == 1
    assert not hosted.found(DLQ.name, given.key)


async def test_an_outage_uses_no_attempt(hosted: Hosted) -> None:
    """A provider that is away is waited for, at least as long as it asked, and costs no attempt."""
    given = await hosted.give(Do.OUTAGE)
    await hosted.result_of(given)
    states = [retry_state(r) for tier in RETRY_TIERS for r in hosted.found(tier.name, given.key)]
    assert {s.attempt for s in states if s} == {0}
    assert max(s.waits for s in states if s) == 2


async def test_one_of_many_breakers_holds_up_nobody(hosted: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    """More records behind an open breaker of their own than a host has turns wait on the log, and others go on."""
    monkeypatch.setattr(hosted.step, "breakers_apart", frozenset({"fetching"}))
    hosted.step.blocked = True
    try:
        waiting = [await hosted.give(Do.DEAD_HOST) for _ in range(40)]
        await asyncio.gather(*[hosted.result_of(await hosted.give()) for _ in range(10)])
        for record in waiting:
            await hosted.wait_for(RETRY_TIERS[-1].name, record.key)
        assert not any(hosted.found(DOCUMENTS.name, record.key, "DocumentIndexed") for record in waiting)
    finally:
        hosted.step.blocked = False
    await asyncio.gather(*(hosted.result_of(record) for record in waiting))
    states = [retry_state(r) for tier in RETRY_TIERS for one in waiting for r in hosted.found(tier.name, one.key)]
    assert {(s.code, s.attempt) for s in states if s} == {("breaker_open", 0)}
    assert not any(hosted.found(DLQ.name, record.key) for record in waiting)


async def test_a_refusal_becomes_an_event(hosted: Hosted) -> None:
    """A document at fault is refused once, for good, with its version and job."""
    given = await hosted.give(Do.REFUSE, version=7)
    found = await hosted.wait_for(DOCUMENTS.name, given.key, name="DocumentRefused")
    event = decode(found[0], lambda _: None).event
    assert isinstance(event, DocumentRefused)
    assert (event.version, event.code) == (7, "no_text")
    assert not any(hosted.found(tier.name, given.key) for tier in RETRY_TIERS)


@pytest.mark.parametrize(("do", "code"), [(Do.NEVER, "provider_rejected"), (Do.OVERSIZE, "record_too_large")])
async def test_the_hopeless_is_buried_at_once(hosted: Hosted, do: Do, code: str) -> None:
    """What no retry can heal goes to the dead letters without one."""
    given = await hosted.give(do)
    state = retry_state(await hosted.dead_letter_of(given))
    assert state is not None
    assert (state.code, state.attempt, state.category) == (code, 1, "permanent")
    assert not any(hosted.found(tier.name, given.key) for tier in RETRY_TIERS)


async def test_a_step_that_hangs_is_cut_off(hosted: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run over its limit is a failure of its own, and the record goes through the tiers."""
    monkeypatch.setattr(hosted.step, "timeout_s", 0.2)
    given = await hosted.give(Do.HANG)
    dead = await hosted.dead_letter_of(given)
    first = (await hosted.wait_for(RETRY_TIERS[0].name, given.key))[0]
    assert [state.code for state in (retry_state(first), retry_state(dead)) if state] == ["step_timeout"] * 2


@pytest.mark.parametrize("name", [b"\xff\xfe\x00", b"na\x00me"])
async def test_a_header_of_any_name_stops_no_host(hosted: Hosted, name: bytes) -> None:
    """Other clients can write names that are no text: the record is worked on, also through its retries."""
    for do in (Do.WORK, Do.RECOVER):
        given = job(hosted.tenant, do=do)
        await send_named(hosted.bootstrap, given, name)
        assert len(await hosted.result_of(given)) == 1
        assert not hosted.found(DLQ.name, given.key)


async def test_undecodable_bytes_are_buried(hosted: Hosted) -> None:
    """A record that is no event of ours is a dead letter, as it was, and does not stop what follows."""
    key = str(uuid4()).encode()
    sent = await hosted.put(Record(DOCUMENTS.name, key, b"\x00not avro", (("tenant", hosted.tenant.encode()),)))
    dead = await hosted.dead_letter_of(sent)
    assert dead.value == sent.value
    state = retry_state(dead)
    assert state is not None
    assert state.code in {"undecodable", "unknown_event"}
    await hosted.result_of(await hosted.give())


async def test_our_own_outage_blocks_in_place(hosted: Hosted) -> None:
    """While our database is away the record waits where it is: no retry, no dead letter; then it goes through."""
    hosted.step.blocked = True
    given = await hosted.give(Do.BLOCK)
    await asyncio.sleep(1)
    assert not hosted.found(DOCUMENTS.name, given.key, "DocumentIndexed")
    assert not any(hosted.found(t.name, given.key) for t in (*RETRY_TIERS, DLQ))
    hosted.step.blocked = False
    assert len(await hosted.result_of(given)) == 1


async def test_a_slow_record_holds_up_nobody_else(hosted: Hosted) -> None:
    """Records of other documents, those of its own partition included, do not wait for a slow one."""
    hosted.step.blocked = True
    slow = await hosted.give(Do.BLOCK)
    others = [await hosted.give() for _ in range(30)]
    await asyncio.gather(*(hosted.result_of(r) for r in others))
    assert any(r.partition == slow.partition for r in others)
    assert not hosted.found(DOCUMENTS.name, slow.key, "DocumentIndexed")
    hosted.step.blocked = False
    await hosted.result_of(slow)


async def test_one_document_keeps_its_order(hosted: Hosted) -> None:
    """Versions of one document are worked on one after another, in the order of the log, however slow the first."""
    document = uuid4()
    for version in range(1, 9):
        do, tokens = (Do.SLEEP, 150) if version == 1 else (Do.WORK, 0)
        await hosted.give(do, document_id=document, version=version, tokens=tokens)
    found = await hosted.wait_for(DOCUMENTS.name, str(document).encode(), 8, name="DocumentIndexed")
    assert [v for d, v in hosted.step.runs if d == document] == list(range(1, 9))
    assert [decode(r, lambda _: None).event.version for r in found] == list(range(1, 9))


async def test_many_at_once_come_once_each(hosted: Hosted) -> None:
    """Three hundred records, a fifth of them failing in various ways: each ends exactly one way."""
    ways = [Do.WORK] * 8 + [Do.RECOVER, Do.NEVER]
    given = [await hosted.give(ways[i % 10]) for i in range(300)]
    for i, record in enumerate(given):
        await (hosted.dead_letter_of(record) if ways[i % 10] is Do.NEVER else hosted.result_of(record))
    results = Counter(r.key for r in hosted.seen[DOCUMENTS.name] if r.header("ce_source") == "muniment.indexing")
    assert all(results[record.key] == 1 for i, record in enumerate(given) if ways[i % 10] is not Do.NEVER)
    assert all(results[record.key] <= 1 for record in given)
    assert QUICK.delays_s[0] < 1
