"""Jobs as figures, chunks by their batches, and replays that are under way, on real Postgres."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from projected_story import DIMENSIONS, START, Log, ReadModel, Story

from muniment.projections import checkpoint
from muniment.projections.chunks import lineage
from muniment.projections.cursor import BadCursor
from muniment.projections.jobs import figures
from muniment.projections.registry import projection
from muniment.projections.replaying import shadow
from muniment.projections.replaying.underway import under_way
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState

HOUR = timedelta(hours=1)
_MANY = """insert into {schema}.jobs (job_id, tenant, document_id, kind, state, "end", created_at, finished_at)
    select gen_random_uuid(), 'acme', gen_random_uuid(), 'submit', 'succeeded', 'indexed', at, at
    from (select $1::timestamptz - n * interval '1 minute' as at from generate_series(1, 10000) n) spread"""


async def test_what_ended_is_counted_in_the_span_in_which_it_ended(read_model: ReadModel, log: Log) -> None:
    """Each once, with its chunks, tokens and cost; those of another tenant and those still open are not counted."""
    await Story(log, ("a", "b", "c")).tell()
    await Story(log, ("other",), tenant="umbrella").tell()
    log.clock = START + 2 * HOUR
    second = Story(log, ("d",))
    await second.tell()
    await second.delete()
    await Story(log, ("open",)).command()
    await read_model.catch_up()
    found = await figures.ended(read_model.pool, "acme", START, START + 3 * HOUR, HOUR)
    shown = [(one.at, one.succeeded, one.failed, one.chunks, one.tokens, one.cost_micros) for one in found]
    assert shown == [(START, 1, 0, 3, 15, 14), (START + 2 * HOUR, 2, 0, 1, 5, 7)]
    assert 0 < found[0].median_s <= found[0].slow_s < 1
    assert await figures.ended(read_model.pool, "acme", START + HOUR, START + 2 * HOUR, HOUR) == []
    [still] = await figures.still_open(read_model.pool, "acme")
    assert (still.state, still.step, still.lane, still.jobs) == ("queued", "deciding", "bulk", 1)


async def test_what_ended_lately_is_found_without_reading_all_jobs(read_model: ReadModel) -> None:
    """Of ten thousand jobs, those of the last hour by the index."""
    schema = await read_model.pool.fetchval("select schema from read.live where projection = 'jobs'")
    await read_model.pool.execute(_MANY.replace("{schema}", schema), START)
    await read_model.pool.execute(f"analyze {schema}.jobs")
    asked = "explain " + figures._SQL["ended"]
    plan = await read_model.pool.fetch(asked, "acme", START - HOUR, START, HOUR)
    assert any("jobs_ended" in row[0] for row in plan), plan


async def test_retries_come_in_the_order_in_which_they_are_due(read_model: ReadModel, log: Log) -> None:
    """Over pages, each once; a cursor of another listing is refused."""
    stories = [Story(log, ("a",)) for _ in range(5)]
    for number, story in enumerate(stories):
        log.append(waiting(await story.submitted(await story.command()), due_s=600 - 100 * number))
    await read_model.catch_up()
    seen, cursor = [], None
    while True:
        page = await figures.due(read_model.pool, "acme", limit=2, cursor=cursor)
        seen += [row.job_id for row in page.rows]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [story.job for story in reversed(stories)]
    assert (await figures.due(read_model.pool, "umbrella")).rows == ()
    with pytest.raises(BadCursor):
        await figures.due(read_model.pool, "acme", cursor="abc")


async def test_a_chunk_leads_to_its_batch(read_model: ReadModel, log: Log) -> None:
    """Of the version that search sees and of the one before it; a stranger is told nothing."""
    first = Story(log, ("one", "two", "three"))
    await first.tell()
    second = Story(log, ("new",), document_id=first.document_id, version=2)
    await second.tell()
    await read_model.catch_up()
    pool, document = read_model.pool, first.document_id
    found = await lineage.batches(pool, "acme", document, 1)
    assert [(one.batch, one.first, one.last, one.chunks) for one in found] == [(0, 0, 1, 2), (1, 2, 2, 1)]
    [chunk] = await lineage.chunks(pool, "acme", document, 1, (2, 2))
    assert (chunk.batch, chunk.text, chunk.heading, chunk.start, chunk.end) == (1, "three", "Heading", 200, 205)
    assert [one.text for one in await lineage.chunks(pool, "acme", document, 2, (0, 9))] == ["new"]
    assert await lineage.batches(pool, "umbrella", document, 1) == []
    assert await lineage.chunks(pool, "umbrella", document, 1, (0, 9)) == []
    places = {0: 0, 150: 1, 200: 2, 10**9: 2}
    assert {at: await lineage.ordinal_at(pool, "acme", document, 1, at) for at in places} == places
    assert await lineage.ordinal_at(pool, "umbrella", document, 1, 0) is None


async def test_a_replay_shows_how_far_it_is_and_whether_somebody_is_at_it(pool: asyncpg.Pool) -> None:
    """By the checkpoints of what is filled against those of what is live, and by the lock of whoever fills it."""
    documents = projection("documents", DIMENSIONS)
    assert await under_way(pool) == []
    async with pool.acquire() as connection:
        schema = await shadow.target(connection, documents)
        scratch = await shadow.beside(connection, documents, shadow.SCRATCH)
        ends = {("muniment.documents", 0): 100, ("muniment.documents/bulk", 0): 900}
        await checkpoint.advance(connection, "documents_v" + str(documents.version), ends)
        await checkpoint.advance(connection, schema, {("muniment.documents", 0): 25})
        await connection.execute("select pg_advisory_lock(hashtext('muniment replay documents'))")
        replaying, verifying = await under_way(pool)
        assert (replaying.what, replaying.running, replaying.done, replaying.total) == ("replay", True, 25, 100)
        assert (verifying.what, verifying.schema, verifying.running) == ("verify", scratch, False)
        await connection.execute("select pg_advisory_unlock_all()")
        assert not (await under_way(pool))[0].running
        await shadow.drop(connection, schema)
    assert [one.what for one in await under_way(pool)] == ["verify"]


def waiting(record: Record, due_s: int) -> Record:
    """The record on its way through a retry tier, due so long after the beginning."""
    at = int((START + timedelta(seconds=due_s)).timestamp() * 1000)
    origin = Position(record.topic, record.partition or 0, record.offset or 0)
    state = RetryState("extracting", 1, 0, at - 5000, at, origin, ErrorCode.PROVIDER_UNAVAILABLE, "away", uuid4().hex)
    return replace(record.with_headers(state.to_headers()), topic="muniment.retry.5s")
