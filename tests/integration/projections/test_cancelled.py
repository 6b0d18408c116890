"""What a cancellation does to the read models, wherever it meets the work."""

import random
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from projected_story import Log, ReadModel, Story, schema_of, vector_of

from muniment.projections.chunks.queries import search
from muniment.projections.jobs.queries import job
from muniment.schemas.commands import CancelJob
from muniment.schemas.documents import JobCancelled, VersionRolledBack
from muniment.schemas.record import Position, Record

TEXTS = ["one chunk", "two chunk", "three chunk"]


async def cancel(story: Story) -> None:
    """Asked for, decided and rolled back, by a job of its own."""
    log, asking = story.log, uuid4()
    command = CancelJob(document_id=story.document_id, job_id=story.job, reason="not wanted")
    asked = await log.say(command, asking, story.tenant)
    about: dict[str, Any] = {"document_id": story.document_id, "version": story.version, "job_id": story.job}
    place = Position(asked.topic, 0, asked.offset or 0)
    await log.say(JobCancelled(reason="not wanted", **about), asking, story.tenant, decided=place)
    await log.say(VersionRolledBack(blobs_removed=1, blobs_shared=0, **about), asking, story.tenant)


async def told(story: Story, upto: int) -> None:
    """The first pieces of a version's way, cancelled, and the rest of the way all the same."""
    pieces = [story.extracted, lambda: story.prepared(0), lambda: story.prepared(1), story.chunked]
    pieces += [lambda: story.embedded(0), lambda: story.embedded(1), story.indexed]
    await story.submitted(await story.command())
    for piece in pieces[:upto]:
        await piece()
    await cancel(story)
    for piece in pieces[upto:]:
        await piece()


def read(records: Sequence[Record], dice: random.Random) -> list[Record]:
    """The records in an order in which their topics can be read: within each its own, across them any."""
    lanes: dict[str, list[Record]] = {}
    for record in records:
        lanes.setdefault(record.topic, []).append(record)
    mixed = []
    while left := [lane for lane in lanes.values() if lane]:
        mixed.append(dice.choice(left).pop(0))
    return mixed


async def hits(model: ReadModel) -> list[tuple[int, int]]:
    """Version and ordinal of everything that search sees."""
    page = await search(model.pool, "acme", "hybrid", "chunk", vector_of("chunk").tolist(), 50)
    return sorted((hit.version, hit.ordinal) for hit in page.hits)


async def rows(model: ReadModel, version: int) -> int:
    """Rows of texts and vectors of a version."""
    tables = ("chunk_texts", "chunk_vectors", "indexed")
    counts = [
        await model.pool.fetchval(f"select count(*) from chunks_v2.{t} where version = $1", version) for t in tables
    ]
    return sum(counts)


@pytest.mark.parametrize("upto", range(7))
async def test_nothing_of_a_cancelled_version_is_ever_seen(read_model: ReadModel, log: Log, upto: int) -> None:
    """Cancelled after any piece of its way, folded record by record: the old version is seen, whole, all the time."""
    first = Story(log, TEXTS)
    await first.tell()
    await read_model.catch_up()
    mark = len(log.records)
    second = Story(log, [f"new {t}" for t in TEXTS], document_id=first.document_id, version=2)
    await told(second, upto)
    for record in read(log.records[mark:], random.Random(upto)):
        for name in ("chunks", "documents", "jobs"):
            await read_model.fold(name, [record])
        assert await hits(read_model) == [(1, 0), (1, 1), (1, 2)]
    assert await rows(read_model, 2) == 0
    found = await job(read_model.pool, "acme", second.job)
    assert found is not None
    assert (found.state, found.error_code, found.error) == ("cancelled", "job_cancelled", "not wanted")
    statuses = await read_model.pool.fetch("select version, status from read.versions order by version")
    assert [tuple(row) for row in statuses] == [(1, "indexed"), (2, "cancelled")]
    third = Story(log, ["third chunk"], document_id=first.document_id, version=3)
    await third.tell()
    await read_model.catch_up()
    assert await hits(read_model) == [(3, 0)]


async def test_what_was_announced_before_stays(read_model: ReadModel, log: Log) -> None:
    """A version that the log calls whole before it calls it cancelled is seen, and its job has succeeded."""
    story = Story(log, TEXTS)
    await story.tell()
    await cancel(story)
    for record in read(log.records, random.Random(3)):
        for name in ("chunks", "documents", "jobs"):
            await read_model.fold(name, [record])
    assert await hits(read_model) == [(1, 0), (1, 1), (1, 2)]
    found = await job(read_model.pool, "acme", story.job)
    assert found is not None
    assert found.state == "succeeded"
    assert await read_model.pool.fetchval("select status from read.documents") == "indexed"


@pytest.mark.parametrize("seed", range(6))
async def test_the_order_of_topics_and_repeats_change_nothing(read_model: ReadModel, log: Log, seed: int) -> None:
    """Three versions, one of them cancelled somewhere, in any order of topics, in batches, twice: the same rows."""
    dice = random.Random(seed)
    first = Story(log, TEXTS)
    await first.tell()
    second = Story(log, ["b", "c", "d"], document_id=first.document_id, version=2)
    await told(second, dice.randrange(8) % 7)
    if dice.random() < 0.5:
        await Story(log, ["e"], document_id=first.document_id, version=3).tell()
    if dice.random() < 0.3:
        await Story(log, (), document_id=first.document_id, version=3).delete()
    await read_model.catch_up()
    straight = await read_model.contents()
    await read_model.forget()
    await read_model.catch_up(batch=3)
    again = await read_model.contents()
    for name in ("documents", "chunks"):
        assert again[name] == straight[name], name
    await read_model.pool.execute("truncate chunks_v2.heads, chunks_v2.seen, chunks_v2.indexed, chunks_v2.batches")
    await read_model.pool.execute("truncate chunks_v2.past_texts, chunks_v2.past_vectors")
    await read_model.pool.execute("truncate chunks_v2.chunk_texts, chunks_v2.chunk_vectors, chunks_v2.vector_batches")
    tables = ("documents", "versions", "failures", "past_documents", "past_versions")
    names = ", ".join(f"{schema_of('documents')}.{table}" for table in tables)
    await read_model.pool.execute(f"truncate {names}")
    await read_model.forget()
    mixed = read(log.records, dice)
    for start in range(0, len(mixed), 2):
        for name in ("documents", "chunks"):
            await read_model.fold(name, mixed[start : start + 2])
    other = await read_model.contents()
    for name in ("documents", "chunks"):
        assert other[name] == straight[name], name
