"""Folds against a real database: repeats, order between topics, deletion, poison, erasure."""

import random

import pytest
from projected_story import DIMENSIONS, Log, ReadModel, Story, schema_of, vector_of

from muniment.projections.chunks.queries import search
from muniment.projections.documents.queries import document, versions
from muniment.projections.fold import PoisonRecord
from muniment.projections.jobs.queries import job
from muniment.projections.registry import PROJECTIONS
from muniment.schemas.record import Record
from muniment.schemas.topics import CHUNKS, DOCUMENTS, EMBEDDINGS

TEXTS = ("The quick brown fox jumps", "A lazy dog sleeps", "도서관에서 책을 읽는다")


async def found(read_model: ReadModel, text: str, tenant: str = "acme") -> list[tuple[int, str]]:
    """Version and text of what a search for these very words finds."""
    page = await search(read_model.pool, tenant, "hybrid", text, vector_of(text).tolist(), 10)
    return [(hit.version, hit.text) for hit in page.hits]


async def test_one_document_is_readable_in_every_model(read_model: ReadModel, log: Log) -> None:
    """A document's way leaves its row, its version, its job and its chunks."""
    story = Story(log, TEXTS)
    await story.tell()
    await read_model.catch_up()
    row = await document(read_model.pool, "acme", story.document_id)
    assert row is not None
    assert (row.status, row.active_version, row.title, row.media_type) == ("indexed", 1, "A title", "text/plain")
    [version] = await versions(read_model.pool, "acme", story.document_id)
    assert (version.chunks, version.tokens, version.cost_micros) == (3, 15, 14)
    done = await job(read_model.pool, "acme", story.job)
    assert done is not None
    assert (done.state, done.step, done.done, done.total, done.tokens) == ("succeeded", "indexing", 3, 3, 15)
    assert (await found(read_model, TEXTS[0]))[0] == (1, TEXTS[0])


async def test_twice_equals_once(read_model: ReadModel, log: Log) -> None:
    """Folding everything again from offset 0, and every record again at a later place, changes no row."""
    first, second = Story(log, TEXTS), Story(log, TEXTS[:2])
    await first.tell()
    record = await second.submitted()
    log.dead(record, "extracting")
    await Story(log, ("new text",), document_id=first.document_id, version=2).tell()
    await read_model.catch_up(batch=3)
    once = await read_model.contents()
    await read_model.forget()
    await read_model.catch_up(batch=7)
    assert await read_model.contents() == once
    for record in list(log.records):
        log.again(record)
    await read_model.catch_up(batch=5)
    assert await read_model.contents() == once


@pytest.mark.parametrize("seed", range(6))
async def test_topics_may_come_in_any_order(read_model: ReadModel, log: Log, seed: int) -> None:
    """Whatever the interleaving of topics, the rows end the same as in the order of the log."""
    first = Story(log, TEXTS)
    await first.tell()
    await Story(log, ("second version", "of it"), document_id=first.document_id, version=2).tell()
    gone = Story(log, ("to be deleted",))
    await gone.tell()
    await gone.delete()
    failing = Story(log, TEXTS)
    log.dead(await failing.submitted(await failing.command()), "extracting")
    await read_model.catch_up()
    straight = await read_model.contents()
    for name in PROJECTIONS:
        for table in (*PROJECTIONS[name](DIMENSIONS).tables, "checkpoints"):
            await read_model.pool.execute(f"truncate {schema_of(name)}.{table}")
    for shuffled in interleaved(log.records, random.Random(seed)):
        for name in PROJECTIONS:
            await read_model.fold(name, [shuffled])
    assert await read_model.contents() == straight


def interleaved(records: list[Record], dice: random.Random) -> list[Record]:
    """The records with each topic's order kept and no other."""
    lanes: dict[str, list[Record]] = {}
    for record in records:
        lanes.setdefault(record.topic, []).append(record)
    out = []
    while lanes:
        topic = dice.choice(sorted(lanes))
        out.append(lanes[topic].pop(0))
        if not lanes[topic]:
            del lanes[topic]
    return out


@pytest.mark.parametrize("last", [CHUNKS.name, EMBEDDINGS.name, DOCUMENTS.name])
async def test_no_half_version_is_seen(read_model: ReadModel, log: Log, last: str) -> None:
    """Whichever topic comes last, the old version stays until the new one is whole, and then is gone."""
    old = Story(log, ("alpha beta", "gamma delta"))
    await old.tell()
    await read_model.catch_up()
    mark = len(log.records)
    new = Story(log, ("alpha new", "gamma new", "delta new"), document_id=old.document_id, version=2)
    await new.tell()
    fresh = log.records[mark:]
    late = [r for r in fresh if r.topic == last]
    for record in [r for r in fresh if r.topic != last] + late[:-1]:
        await read_model.fold("chunks", [record])
        assert {v for v, _ in await found(read_model, "alpha gamma")} == {1}
    await read_model.fold("chunks", late[-1:])
    assert {v for v, _ in await found(read_model, "alpha gamma")} == {2}
    assert await read_model.pool.fetchval("select count(*) from read.chunk_vectors") == 3


async def test_a_deletion_wins_over_late_records(read_model: ReadModel, log: Log) -> None:
    """What is folded after a deletion does not bring the document back; a new version does."""
    story = Story(log, TEXTS)
    await story.tell()
    await story.delete()
    await read_model.catch_up()
    await story.submitted()
    await story.prepared(0)
    await story.embedded(0)
    await story.indexed()
    await read_model.catch_up()
    row = await document(read_model.pool, "acme", story.document_id)
    assert row is not None
    assert (row.status, row.title, row.file_name, row.metadata) == ("deleted", None, None, {})
    assert [v.status for v in await versions(read_model.pool, "acme", story.document_id)] == ["deleted"]
    assert await found(read_model, TEXTS[0]) == []
    assert await read_model.pool.fetchval("select count(*) from read.chunk_texts") == 0
    await Story(log, ("risen again",), document_id=story.document_id, version=2).tell()
    await read_model.catch_up()
    assert await found(read_model, "risen again") == [(2, "risen again")]


async def test_a_failed_version_leaves_the_old_one(read_model: ReadModel, log: Log) -> None:
    """A new version that ends as a dead letter is failed; the document stays indexed and searchable."""
    story = Story(log, ("steady text",))
    await story.tell()
    broken = Story(log, ("never to be seen",), document_id=story.document_id, version=2)
    await broken.command()
    await broken.submitted()
    log.dead(await broken.prepared(0), "embedding")
    await read_model.catch_up()
    row = await document(read_model.pool, "acme", story.document_id)
    assert row is not None
    assert (row.status, row.active_version, row.latest_version) == ("indexed", 1, 2)
    statuses = {v.version: v.status for v in await versions(read_model.pool, "acme", story.document_id)}
    assert statuses == {1: "indexed", 2: "failed"}
    ended = await job(read_model.pool, "acme", broken.job)
    assert ended is not None
    assert (ended.state, ended.error_code) == ("failed", "unexpected")
    assert await found(read_model, "never steady") == [(1, "steady text")]


async def test_a_destroyed_key_folds_to_a_redaction(read_model: ReadModel, log: Log) -> None:
    """A record whose key is gone is folded with redaction marks: nothing is parked, nothing of it is found."""
    story = Story(log, TEXTS)
    await story.tell()
    await log.ring.destroy("acme", story.document_id)
    await read_model.catch_up()
    row = await document(read_model.pool, "acme", story.document_id)
    assert row is not None
    assert (row.status, row.title, row.file_name, row.metadata) == ("indexed", "[redacted]", "[redacted]", {})
    assert await found(read_model, TEXTS[0]) == []
    assert await found(read_model, "redacted") == []
    for name in PROJECTIONS:
        assert await read_model.pool.fetchval(f"select count(*) from {schema_of(name)}.parked") == 0


async def test_poison_is_parked_and_the_rest_goes_on(read_model: ReadModel, log: Log) -> None:
    """Of a batch with an undecodable record and one that cannot be folded, both are parked, by place; others fold."""
    good = Story(log, TEXTS)
    await good.tell()
    bad = await Story(log, ("x y",)).embedded(0)
    log.append(Record(DOCUMENTS.name, b"key", b"not avro", ()))
    broken = Story(log, ("a", "b"), dimensions=DIMENSIONS)
    await broken.tell()
    twisted = await odd_vectors(log, broken)
    await read_model.catch_up()
    parked = await read_model.pool.fetch('select topic, "offset", error from chunks_v2.parked order by topic')
    assert [(r["topic"], r["offset"]) for r in parked] == [
        (DOCUMENTS.name, 4),
        (EMBEDDINGS.name, twisted.offset),
    ]
    assert "undecodable" in parked[0]["error"]
    assert bad.offset is not None
    assert (await found(read_model, TEXTS[0]))[0] == (1, TEXTS[0])
    await read_model.forget()
    with pytest.raises(PoisonRecord, match=f"{EMBEDDINGS.name}:0:{twisted.offset}"):
        await read_model.fold("chunks", [twisted], rebuilding=True)


async def odd_vectors(log: Log, story: Story) -> Record:
    """A batch that says one thing of its vectors and carries another."""
    from muniment.schemas.embeddings import ChunksEmbedded

    event = ChunksEmbedded(
        document_id=story.document_id, version=2, job_id=story.job, batch=0, first_ordinal=0,
        content_hashes=(b"1",), model="toy", dimensions=DIMENSIONS, vectors=b"odd", tokens=1, cost_micros=1,
        embedded=1, reused=0,
    )  # fmt: skip
    return await log.say(event, story.job, "acme")


async def test_a_vector_of_another_length_is_found_by_its_text(read_model: ReadModel, log: Log) -> None:
    """A batch from another model does not stop its version: words find it, vectors do not."""
    await Story(log, ("strange vectors here",), dimensions=5).tell()
    await read_model.catch_up()
    page = await search(read_model.pool, "acme", "vector", "strange", vector_of("strange").tolist(), 5)
    assert page.hits == ()
    assert await found(read_model, "strange vectors") == [(1, "strange vectors here")]
