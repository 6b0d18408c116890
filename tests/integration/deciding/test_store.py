"""Inbox, state and outbox on a real Postgres."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from muniment.producers.key_file import KeyFile
from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.schemas import example
from muniment.schemas.codec import Envelope
from muniment.schemas.commands import CancelJob, DeleteDocument, EraseDocument, SubmitDocument, SubmitUrl
from muniment.schemas.documents import (
    CommandRejected,
    DocumentDeleted,
    DocumentErased,
    DocumentFetched,
    DocumentIndexed,
    DocumentRequested,
    DocumentSubmitted,
    DocumentUnchanged,
    JobCancelled,
)
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState
from muniment.stream_apps.deciding import stored
from muniment.stream_apps.deciding.state import initial_state
from muniment.stream_apps.deciding.step import Deciding
from muniment.stream_apps.deciding.store import DecidingStore

KEYS = KeyFile("one", {"one": bytes(32)})
TENANT = "acme"
_WAITS = """
select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"""


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """As few connections as a process may have."""
    async with asyncpg.create_pool(database_url, min_size=2, max_size=2) as made:
        yield made


def step(pool: Any) -> Deciding:
    """The step as one process runs it, its key ring's cache empty."""
    return Deciding(DecidingStore(pool), LogCodec(PostgresKeyRing(pool, KEYS)), lambda: example.metadata("x").time)


async def command(pool: Any, event: Event, offset: int = 0) -> Envelope:
    """A command as it comes from the log; its document has a key."""
    await PostgresKeyRing(pool, KEYS).create(TENANT, event.document_id)
    command_id = uuid4()
    meta = Metadata(command_id, TENANT, command_id, command_id, example.metadata("x").time, "muniment.test")
    return Envelope(event, meta, Record("muniment.commands.documents", b"k", b"", (), 3, offset, 0))


def submit(document_id: UUID, blob: str = "a") -> SubmitDocument:
    """A submission."""
    return SubmitDocument(
        document_id=document_id,
        file_name="a.txt",
        title=None,
        metadata={},
        blob=blob,
        size_bytes=1,
        source="upload",
        lane="normal",
    )


async def results(deciding: Deciding, envelope: Envelope) -> list[Record]:
    """What the step yields."""
    found = [r async for r in deciding.run(envelope)]
    assert all(isinstance(r, Record) for r in found)
    return [r for r in found if isinstance(r, Record)]


async def decided(pool: Any, record: Record) -> Any:
    """The event in a record."""
    return (await LogCodec(PostgresKeyRing(pool, KEYS)).decode(record)).event


async def test_a_redelivery_repeats_what_was_not_confirmed(pool: Any) -> None:
    """A crash between the transaction and the broker's word: the same records, byte for byte, until they are sent."""
    envelope = await command(pool, submit(uuid4()))
    first = await results(step(pool), envelope)
    assert len(first) == 1
    for _ in range(2):  # each time another process
        assert await results(step(pool), envelope) == first
    await step(pool).settled(envelope)
    assert await results(step(pool), envelope) == []
    assert await pool.fetchval("select count(*) from muniment_deciding.outbox") == 0


async def test_a_decision_says_where_its_command_lies(pool: Any) -> None:
    """Position tokens rely on it; the record's id is derived from the command's."""
    envelope = await command(pool, submit(uuid4()), offset=41)
    (record,) = await results(step(pool), envelope)
    assert record.header("command_position") == "muniment.commands.documents:3:41"
    assert record.header("correlation_id") == str(envelope.meta.event_id) == record.header("causation_id")


async def test_a_command_met_twice_at_once_is_decided_once(pool: Any) -> None:
    """Two processes with the same command: one version, and both publish the same record or nothing."""
    document = uuid4()
    envelope = await command(pool, submit(document))
    both = await asyncio.gather(*(results(step(pool), envelope) for _ in range(6)))
    assert {r.value for records in both for r in records} == {both[0][0].value}
    later = await command(pool, submit(document, "b"))
    (record,) = await results(step(pool), later)
    assert (await decided(pool, record)).version == 2


async def test_commands_on_one_document_are_decided_one_after_the_other(pool: Any) -> None:
    """Concurrent submissions each get a version of their own."""
    document = uuid4()
    envelopes = [await command(pool, submit(document, str(i))) for i in range(10)]
    async with asyncio.timeout(60):
        records = await asyncio.gather(*(results(step(pool), e) for e in envelopes))
    events = [await decided(pool, r) for (r,) in records]
    assert sorted(e.version for e in events) == list(range(1, 11))


async def test_a_state_that_is_being_made_elsewhere_is_waited_for(pool: Any, database_url: str) -> None:
    """Whose statement began before the row was there decides on what the row says, and not on a new document."""
    envelope = await command(pool, submit(uuid4()))
    state = stored.to_json(replace(initial_state(), latest=3))
    other = await asyncpg.connect(database_url)
    try:
        async with other.transaction():
            await other.execute(
                "insert into muniment_deciding.state (tenant, document_id, state, version) values ($1, $2, $3, 0)",
                TENANT,
                envelope.event.document_id,
                state,
            )
            deciding = asyncio.create_task(results(step(pool), envelope))
            async with asyncio.timeout(30):
                while not await pool.fetchval(_WAITS):  # noqa: ASYNC110 - in another process
                    await asyncio.sleep(0.01)
        (record,) = await deciding
    finally:
        await other.close()
    assert (await decided(pool, record)).version == 4


async def test_deciding_needs_no_second_connection(pool: Any) -> None:
    """As many commands at once as the pool has connections, no key cached: none waits for what another holds."""
    envelopes = [await command(pool, submit(uuid4())) for _ in range(8)]
    deciding = step(pool)
    async with asyncio.timeout(60):
        records = await asyncio.gather(*(results(deciding, e) for e in envelopes))
    assert [len(r) for r in records] == [1] * 8


async def test_a_version_that_became_whole_is_known_to_the_next_command(pool: Any) -> None:
    """Submitted, indexed, the same again: unchanged. Deleted: the next submission is a new version."""
    document = uuid4()
    deciding = step(pool)
    first = await command(pool, submit(document))
    (record,) = await results(deciding, first)
    submitted = await decided(pool, record)
    assert isinstance(submitted, DocumentSubmitted)
    indexed = DocumentIndexed(
        document_id=document,
        version=1,
        job_id=submitted.job_id,
        chunks=1,
        batches=1,
        model="m",
        tokens=1,
        cost_micros=0,
        embedded=1,
        reused=0,
    )
    for _ in range(2):
        assert await results(deciding, await command(pool, indexed)) == []
    (record,) = await results(deciding, await command(pool, submit(document)))
    assert isinstance(await decided(pool, record), DocumentUnchanged)
    (record,) = await results(deciding, await command(pool, DeleteDocument(document_id=document, reason="asked")))
    gone = await decided(pool, record)
    assert isinstance(gone, DocumentDeleted)
    assert (gone.version, gone.jobs, gone.reason) == (1, (first.meta.event_id,), "asked")
    assert await DecidingStore(pool).deleted_up_to(TENANT, document) == 1
    (record,) = await results(deciding, await command(pool, submit(document)))
    assert (await decided(pool, record)).version == 2


async def test_nothing_is_left_of_a_decision_that_failed(pool: Any) -> None:
    """Inbox, state and outbox together or not at all: the command can be decided again."""
    envelope = await command(pool, submit(uuid4()))

    def broken() -> datetime:
        raise StepFailure(ErrorCode.UNEXPECTED, "in the middle of it")

    with pytest.raises(StepFailure):
        await results(Deciding(DecidingStore(pool), LogCodec(PostgresKeyRing(pool, KEYS)), broken), envelope)
    for table in ("inbox", "state", "outbox"):
        assert await pool.fetchval(f"select count(*) from muniment_deciding.{table}") == 0
    assert len(await results(step(pool), envelope)) == 1


async def test_a_command_of_an_erased_document_is_rejected(pool: Any) -> None:
    """Its key was destroyed before its turn came: it is answered, and needs no key for that."""
    envelope = await command(pool, submit(uuid4()))
    await PostgresKeyRing(pool, KEYS).destroy(TENANT, envelope.event.document_id)
    (record,) = await results(step(pool), envelope)
    rejected = await decided(pool, record)
    assert isinstance(rejected, CommandRejected)
    assert rejected.code == "document_erased"


async def test_an_erasure_ends_the_jobs_in_work(pool: Any) -> None:
    """They count as cancelled for every worker, and are not announced; one that was announced stays so."""
    document = uuid4()
    done, working = await command(pool, submit(document)), await command(pool, submit(document, "b"))
    for envelope in (done, working):
        await results(step(pool), envelope)
    assert await DecidingStore(pool).announce(done.meta.event_id)
    (record,) = await results(step(pool), await command(pool, EraseDocument(document_id=document, erasure_id=uuid4())))
    gone = await decided(pool, record)
    assert isinstance(gone, DocumentErased)
    assert set(gone.jobs) == {done.meta.event_id, working.meta.event_id}
    cancelled = await pool.fetch("select job_id from muniment_deciding.cancelled")
    assert {row["job_id"] for row in cancelled} == set(gone.jobs)
    assert not await DecidingStore(pool).announce(working.meta.event_id)
    assert await DecidingStore(pool).announce(done.meta.event_id)


async def test_tenants_do_not_meet(pool: Any) -> None:
    """The same document id of two tenants is two documents."""
    document = uuid4()
    await step(pool)._store.evolve(TENANT, document, lambda state: state)
    assert await DecidingStore(pool).deleted_up_to("other", document) == 0
    one = await command(pool, submit(document))
    await results(step(pool), one)
    rows = await pool.fetch("select tenant from muniment_deciding.state")
    assert [r["tenant"] for r in rows] == [TENANT]


async def test_an_absent_database_blocks(pool: Any) -> None:
    """Every call says `database_unavailable`, on which the record waits in place."""
    envelope = await command(pool, submit(uuid4()))
    deciding = step(pool)
    await pool.close()
    for call in (
        results(deciding, envelope),
        deciding.settled(envelope),
        DecidingStore(pool).deleted_up_to("a", uuid4()),
    ):
        with pytest.raises(StepFailure) as error:
            await call
        assert error.value.code is ErrorCode.DATABASE_UNAVAILABLE


async def only(pool: Any, envelope: Envelope) -> Any:
    """The one event that the step answers a command with, under a process of its own."""
    (record,) = await results(step(pool), envelope)
    return await decided(pool, record)


def cancel(document: UUID, job: UUID) -> CancelJob:
    """A cancellation."""
    return CancelJob(document_id=document, job_id=job, reason="not wanted")


async def test_a_cancellation_is_written_with_its_decision(pool: Any) -> None:
    """Event, row for the workers, and the end of the version: all there, or the command is decided again."""
    document = uuid4()
    job = await command(pool, submit(document))
    await results(step(pool), job)
    event = await only(pool, await command(pool, cancel(document, job.meta.event_id)))
    assert isinstance(event, JobCancelled)
    assert (event.version, event.job_id, event.reason) == (1, job.meta.event_id, "not wanted")
    rows = await pool.fetch("select job_id, tenant, document_id, version from muniment_deciding.cancelled")
    assert [tuple(row) for row in rows] == [(job.meta.event_id, TENANT, document, 1)]
    store = DecidingStore(pool)
    assert not await store.announce(job.meta.event_id)
    assert await store.cancelled(TENANT, document, 1)
    assert not await store.cancelled(TENANT, document, 2)
    assert not await store.cancelled("other", document, 1)


async def test_what_was_announced_cannot_be_cancelled(pool: Any) -> None:
    """Nor does it need to be on the log already: it will be."""
    document = uuid4()
    job = await command(pool, submit(document))
    await results(step(pool), job)
    assert await DecidingStore(pool).announce(job.meta.event_id)
    event = await only(pool, await command(pool, cancel(document, job.meta.event_id)))
    assert isinstance(event, CommandRejected)
    assert event.code == "job_ended"
    assert await DecidingStore(pool).announce(job.meta.event_id)
    assert await pool.fetchval("select count(*) from muniment_deciding.cancelled") == 0


async def test_announced_or_cancelled_never_both(pool: Any) -> None:
    """Forty times at once: whoever is first, the other one hears of it."""
    seen = set()
    for _ in range(40):
        document = uuid4()
        job = await command(pool, submit(document))
        await results(step(pool), job)
        asked = await command(pool, cancel(document, job.meta.event_id))
        announced, event = await asyncio.gather(DecidingStore(pool).announce(job.meta.event_id), only(pool, asked))
        assert announced == isinstance(event, CommandRejected)
        seen.add(announced)
    assert seen


async def test_a_job_of_another_document_is_not_cancelled(pool: Any) -> None:
    """`job_not_found`, and the job goes on."""
    job = await command(pool, submit(uuid4()))
    await results(step(pool), job)
    event = await only(pool, await command(pool, cancel(uuid4(), job.meta.event_id)))
    assert isinstance(event, CommandRejected)
    assert event.code == "job_not_found"
    assert await DecidingStore(pool).announce(job.meta.event_id)


async def test_a_job_whose_command_waits_is_cancelled_before_it_is_decided(pool: Any) -> None:
    """In a slower lane: when its turn comes it is answered, and makes no version."""
    document = uuid4()
    slow = await command(pool, submit(document), offset=1)
    event = await only(pool, await command(pool, cancel(document, slow.meta.event_id), offset=2))
    assert isinstance(event, JobCancelled)
    assert event.version == 0
    answer = await only(pool, slow)
    assert isinstance(answer, CommandRejected)
    assert answer.code == "job_cancelled"


async def test_a_command_that_comes_after_a_later_one_is_overtaken(pool: Any) -> None:
    """Also when it comes back from a retry: it is its first place that counts."""
    document = uuid4()
    await results(step(pool), await command(pool, submit(document, "new"), offset=9))
    slow = await command(pool, submit(document, "old"), offset=4)
    headers = RetryState(
        "deciding", 1, 0, 0, 0, Position("muniment.commands.documents", 3, 5), ErrorCode.UNEXPECTED, "x"
    )
    again = await command(pool, submit(document, "older"), offset=0)
    origin = Record("muniment.redelivery.deciding", b"k", b"", (), 1, 77, 0).with_headers(headers.to_headers())
    for envelope in (slow, replace(again, record=replace(origin, partition=1, offset=77))):
        event = await only(pool, envelope)
        assert isinstance(event, CommandRejected)
        assert event.code == "overtaken"


async def test_a_fetched_document_is_decided_under_its_own_job(pool: Any) -> None:
    """The job is that of the address; the decision claims no place among the commands."""
    document = uuid4()
    asked = await command(
        pool, SubmitUrl(document_id=document, url="https://example.org/a", title=None, metadata={}, lane="normal")
    )
    assert isinstance(await only(pool, asked), DocumentRequested)
    event = DocumentFetched(
        document_id=document, job_id=asked.meta.event_id, url="https://example.org/a", file_name="a", title=None,
        metadata={}, blob="b", size_bytes=1, lane="normal",
    )  # fmt: skip
    there = replace(await command(pool, event), record=Record("muniment.documents", b"k", b"", (), 3, 1, 0))
    (record,) = await results(step(pool), there)
    submitted = await decided(pool, record)
    assert isinstance(submitted, DocumentSubmitted)
    assert submitted.job_id == asked.meta.event_id
    assert record.header("command_position") is None
    assert await results(step(pool), there) == [record]
