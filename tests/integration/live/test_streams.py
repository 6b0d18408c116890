"""Live streams over real read models: what is told, in which order, and from where a reader goes on."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from projected_story import DIMENSIONS, Log, ReadModel, Story, schema_of
from support.listening import Event, Listener, listen

from muniment.api.live.hub import Hub
from muniment.api.live.postgres_feed import PostgresFeed
from muniment.api.live.watch import Watch
from muniment.api.settings import ApiSettings
from muniment.projections import live
from muniment.projections.batch import decoded
from muniment.projections.fold import fold as folding
from muniment.projections.jobs import feed_store
from muniment.projections.jobs.feed import KEPT, from_text
from muniment.projections.jobs.feed_mark import from_id, to_id
from muniment.projections.jobs.queries import JobRow
from muniment.projections.registry import PROJECTIONS
from muniment.projections.upsert import built
from muniment.projections.waiting import Waiting
from muniment.schemas.metadata import LANES
from muniment.schemas.record import Record

TEXTS = ("one", "two", "three", "four", "five")
ACME = Watch("acme")


@asynccontextmanager
async def instance(pool: asyncpg.Pool, url: str) -> AsyncIterator[Hub]:
    """An API instance, as far as streams go."""
    async with Waiting(pool, url) as waiting, Hub(PostgresFeed(pool), ApiSettings()) as hub:
        waiting.tell(hub.moved)
        yield hub


async def story_of(log: Log) -> list[UUID]:
    """Two documents, one with a dead letter after its first try, one deleted."""
    first, second = Story(log, TEXTS), Story(log, TEXTS[:2])
    await first.tell()
    failing = Story(log, TEXTS)
    log.dead(await failing.submitted(await failing.command()), "extracting")
    await second.tell()
    gone = UUID(int=7)
    await second.delete(gone)
    return [first.job, failing.job, second.job, gone]


async def fold(read_model: ReadModel, records: list[Record]) -> None:
    """Fold into the jobs, then into search."""
    await read_model.fold("jobs", records)
    await read_model.fold("chunks", records)


async def shown(pool: asyncpg.Pool, tenant: str = "acme") -> dict[UUID, str]:
    """The states of all jobs in the tables."""
    return {r["job_id"]: r["state"] for r in await pool.fetch("select * from read.jobs where tenant = $1", tenant)}


def told(events: list[Event]) -> dict[str, list[tuple[Any, ...]]]:
    """What was told of each job in its order, without ids. Between jobs there is no order: an end waits for search."""
    found: dict[str, list[tuple[Any, ...]]] = {}
    for event in events:
        found.setdefault(event.data["job_id"], []).append(event.told)
    return found


@pytest.mark.parametrize("lane", LANES)
async def test_a_stream_tells_a_job_from_its_command_to_its_end(
    pool: asyncpg.Pool, database_url: str, read_model: ReadModel, log: Log, lane: str
) -> None:
    """One job's stream begins with how it is, tells every step, ends after the end; so on every lane."""
    log.lane = lane
    story = Story(log, TEXTS[:2])
    await story.tell()
    await fold(read_model, log.records[:1])
    async with instance(pool, database_url) as hub:
        reader = listen(hub, Watch("acme", story.job))
        await reader.until(lambda r: r.events)
        for record in log.records[1:]:
            await fold(read_model, [record])
        await reader.ended()
    first, *rest = reader.events
    assert (first.name, first.data["state"]) == ("snapshot", "queued")
    steps = [event.data["step"] for event in rest]
    assert [s for n, s in enumerate(steps) if n == 0 or s != steps[n - 1]] == [
        "deciding",
        "extracting",
        "chunking",
        "embedding",
        "indexing",
    ]
    assert [event.name for event in rest] == ["job"] * (len(rest) - 1) + ["end"]
    assert rest[-1].data["outcome"] == "indexed"


async def test_the_end_waits_for_search(pool: asyncpg.Pool, database_url: str, read_model: ReadModel, log: Log) -> None:
    """While search has not come to what a job brought the job runs, as for GET; then its end is told, and once only."""
    story = Story(log, TEXTS)
    await story.tell()
    await read_model.fold("jobs", log.records[:1])
    async with instance(pool, database_url) as hub, instance(pool, database_url) as other:
        reader = listen(hub, ACME)
        await reader.until(lambda r: r.events)
        await read_model.fold("jobs", log.records[1:])
        await reader.until(lambda r: any(e.data["step"] == "indexing" for e in r.jobs))
        await asyncio.sleep(0.4)
        assert {e.data["state"] for e in reader.jobs if e.data["step"] == "indexing"} == {"running"}
        back = listen(other, ACME, reader.jobs[-1].event_id)
        fresh = listen(other, ACME)
        await fresh.until(lambda r: r.events)
        assert [job["state"] for job in fresh.events[0].data["jobs"]] == ["running"]
        await read_model.fold("chunks", log.records)
        for one in (reader, back, fresh):
            await one.until(lambda r: r.jobs and r.jobs[-1].name == "end")
        assert [e.name for e in back.jobs] == ["end"]
        assert [e.name for e in fresh.jobs] == ["end"]
        again = listen(hub, ACME, reader.jobs[-1].event_id)
        await asyncio.sleep(0.3)
        assert again.jobs == []


@pytest.mark.parametrize("batch", [1, 4])
async def test_resuming_anywhere_on_another_instance_misses_nothing_and_doubles_nothing(
    pool: asyncpg.Pool, database_url: str, read_model: ReadModel, log: Log, batch: int
) -> None:
    """Cut a stream after any of its events: what another instance tells after that id is exactly the rest."""
    await story_of(log)
    await fold(read_model, log.records[:1])
    async with instance(pool, database_url) as hub, instance(pool, database_url) as other:
        reader = listen(hub, ACME)
        await reader.until(lambda r: r.events)
        for start in range(1, len(log.records), batch):
            await fold(read_model, log.records[start : start + batch])
            await asyncio.sleep(0.03)
        await reader.until(lambda r: len([e for e in r.jobs if e.name == "end"]) == 4)
        whole = reader.jobs
        assert len({e.event_id for e in whole}) == len(whole)
        for cut, event in enumerate([reader.events[0], *whole]):
            back = listen(other, ACME, event.event_id)
            await back.until(lambda r, cut=cut: len(r.jobs) >= len(whole) - cut)
            await asyncio.sleep(0.03)
            assert told(back.jobs) == told(whole[cut:]), cut
            await back.leave()


async def test_readers_agree_with_the_tables_however_topics_come(
    pool: asyncpg.Pool, database_url: str, read_model: ReadModel, log: Log
) -> None:
    """Topics come in any order while readers come, go and resume on two instances; each ends with how things are."""
    chance = random.Random(3)
    jobs = await story_of(log)
    left = {t: [r for r in log.records if r.topic == t] for t in {r.topic for r in log.records}}
    async with instance(pool, database_url) as one, instance(pool, database_url) as two:
        known: list[dict[str, str]] = [{} for _ in range(3)]
        readers = [listen(hub, ACME) for hub in (one, two, one)]
        while any(left.values()):
            topic = chance.choice([t for t, records in left.items() if records])
            await fold(read_model, [left[topic].pop(0)])
            if chance.random() < 0.3:
                n = chance.randrange(3)
                await asyncio.sleep(chance.random() / 20)
                await readers[n].leave()
                note(known[n], readers[n])
                readers[n] = listen(chance.choice((one, two)), ACME, readers[n].stream.mark)
        truth = {str(i): s for i, s in (await shown(pool)).items()}
        for n, reader in enumerate(readers):
            await reader.until(lambda r, n=n: note(dict(known[n]), r) == truth)
        assert len(truth) == len(jobs)


def note(known: dict[str, str], reader: Listener) -> dict[str, str]:
    """What a reader knows of each job's state after what it was sent."""
    for event in reader.events:
        if event.name == "snapshot":
            known |= {job["job_id"]: job["state"] for job in event.data["jobs"]}
        # Others are beside the order: a reader is told, for one, how far behind search is.
        elif event.name in {"job", "end"}:
            known[event.data["job_id"]] = event.data["state"]
    return known


async def test_an_id_outlives_a_rebuild(pool: asyncpg.Pool, database_url: str, read_model: ReadModel, log: Log) -> None:
    """A rebuilt feed, folded in quite another order, takes a reader on from any id: no job is left as it is not."""
    jobs = await story_of(log)
    async with instance(pool, database_url) as hub, instance(pool, database_url) as other:
        reader = listen(hub, ACME)
        await reader.until(lambda r: r.events)
        for record in log.records:
            await fold(read_model, [record])
            await asyncio.sleep(0.02)
        await reader.until(lambda r: len([e for e in r.jobs if e.name == "end"]) == 4)
        await refolded(pool, log, random.Random(5))
        truth = await shown(pool)
        assert len(truth) == len(jobs)
        for cut in range(len(reader.jobs) + 1):
            known: dict[str, str] = {e.data["job_id"]: e.data["state"] for e in reader.jobs[:cut]}
            back = listen(other, ACME, (reader.jobs[cut - 1] if cut else reader.events[0]).event_id)
            await back.until(lambda r, known=known: note(dict(known), r) == {str(i): s for i, s in truth.items()})
            await back.leave()
        more = Story(log, TEXTS[:1])
        mark = len(log.records)
        await more.tell()
        assert [e.name for e in reader.events].count("reset") == 0
        await fold(read_model, log.records[mark:])
        await reader.until(lambda r: r.jobs[-1].data["job_id"] == str(more.job) and r.jobs[-1].name == "end")


async def refolded(pool: asyncpg.Pool, log: Log, chance: random.Random) -> None:
    """Fill another schema of the jobs, topic by topic in an order of chance, and switch to it, as a rebuild does."""
    projection = PROJECTIONS["jobs"](DIMENSIONS)
    topics = sorted({r.topic for r in log.records} & {t.name for t in projection.topics})
    chance.shuffle(topics)
    async with pool.acquire() as connection:
        await live.create(connection, projection, "jobs_again")
        for topic in topics:
            entries = await decoded([r for r in log.records if r.topic == topic], projection, log.codec)
            await folding(connection, projection, "jobs_again", entries, rebuilding=True)
        await live.point(connection, projection, "jobs_again")


async def test_an_id_that_is_too_old_begins_anew(
    pool: asyncpg.Pool, database_url: str, read_model: ReadModel, log: Log
) -> None:
    """A reader from before what is kept, or from another log, is told so and gets a snapshot."""
    story = Story(log, TEXTS)
    await story.command()
    await fold(read_model, log.records)
    async with instance(pool, database_url) as hub:
        reader = listen(hub, ACME)
        await reader.until(lambda r: r.events)
        mark = from_id(reader.events[0].event_id or "")
        place = (log.records[0].topic, 0)
        for other in (
            replace(mark, at=mark.at - KEPT - timedelta(minutes=1)),
            replace(mark, reached={**mark.reached, place: mark.reached[place] + 1}),
        ):
            back = listen(hub, ACME, to_id(other))
            await back.until(lambda r: len(r.events) == 2)
            assert [e.name for e in back.events] == ["reset", "snapshot"]
            assert back.events[0].data["code"] == "resume_too_old"


async def test_old_rows_are_let_go(pool: asyncpg.Pool, read_model: ReadModel, log: Log) -> None:
    """What nobody was promised any more is deleted, so many rows at once; what is younger stays."""
    await Story(log, TEXTS).tell()
    await read_model.fold("jobs", log.records)
    schema = schema_of("jobs")
    rows = await pool.fetchval(f"select count(*) from {schema}.feed")
    await pool.execute(f"update {schema}.feed set told_at = now() - interval '4 days' where number <= 6")
    async with pool.acquire() as connection:
        await feed_store.prune(connection, schema, most=4)
        assert await pool.fetchval(f"select count(*) from {schema}.feed") == rows - 4
        await feed_store.prune(connection, schema)
        await feed_store.prune(connection, schema)
    assert await pool.fetchval(f"select count(*) from {schema}.feed") == rows - 6


async def test_a_rebuild_leaves_out_what_is_too_old_to_be_told(pool: asyncpg.Pool, read_model: ReadModel) -> None:
    """The live feed tells even what was folded late; a schema that is filled anew starts with the last days."""
    old = Log(clock=datetime(2026, 1, 1, tzinfo=UTC), ring=read_model.log.ring)
    await Story(old, TEXTS).tell()
    await read_model.fold("jobs", old.records)
    assert await pool.fetchval("select count(*) from read.job_feed") > 0
    await refolded(pool, old, random.Random(1))
    assert await pool.fetchval("select count(*) from read.jobs") == 1
    assert await pool.fetchval("select count(*) from read.job_feed") == 0


async def test_the_newest_told_is_the_row_that_readers_see(pool: asyncpg.Pool, read_model: ReadModel, log: Log) -> None:
    """After every record, what the feed told last of a job is what `read.jobs` shows of it."""
    await story_of(log)
    for record in log.records:
        await read_model.fold("jobs", [record])
        rows = {r["job_id"]: built(JobRow, r, queue_position=None) for r in await pool.fetch("select * from read.jobs")}
        latest = await pool.fetch(
            "select distinct on (job_id) job_id, job from read.job_feed where job is not null"
            " order by job_id, number desc"
        )
        assert {r["job_id"]: from_text(r["job"]) for r in latest} == rows
