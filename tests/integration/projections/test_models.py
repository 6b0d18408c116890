"""Vectors of several models side by side: which one search reads, what is dropped, and in whatever order it is read."""

import hashlib
import random
from dataclasses import replace
from uuid import uuid4

import pytest
from models_story import LENGTH, OTHER, house, reembedded, started
from projected_story import DIMENSIONS, Log, ReadModel, Story, vector_of

from muniment.projections.chunks import live_model
from muniment.projections.chunks.known_vectors import KnownVectors
from muniment.projections.chunks.live_model import ModelSwitched
from muniment.projections.chunks.queries import search
from muniment.projections.operations.queries import model_at
from muniment.projections.prepare import prepare
from muniment.projections.validity import Moment
from muniment.schemas.documents import DocumentErased
from muniment.schemas.embedding_models import (
    EmbeddingsDropped,
    EmbeddingsSwitched,
    MigrationPaused,
    new_name,
)
from muniment.schemas.record import Record


async def ask(model: ReadModel, text: str, name: str, *, pinned: bool = False) -> list[tuple[int, float]]:
    """Ordinal and score of what is nearest to a text by a model, best first."""
    vector = vector_of(text) if name == "toy" else -vector_of(text, LENGTH)
    page = await search(model.pool, "acme", "vector", text, vector.tolist(), 5, model=name, pinned=pinned)
    return [(hit.ordinal, round(hit.score, 2)) for hit in page.hits]


async def test_search_reads_the_model_it_was_switched_to(read_model: ReadModel, log: Log) -> None:
    """Before the switch the one, after it the other; a question of the wrong model is turned away."""
    story = Story(log, ["a", "b", "c"])
    await story.tell()
    await house(log, started())
    for batch in range(2):
        await reembedded(story, batch)
    await read_model.catch_up()
    assert (await ask(read_model, "b", "toy"))[0] == (1, 1.0)
    with pytest.raises(ModelSwitched):
        await ask(read_model, "b", OTHER)
    assert (await ask(read_model, "b", OTHER, pinned=True))[0] == (1, 1.0)
    assert await live_model.gaps(read_model.pool, OTHER) == 0
    await house(log, EmbeddingsSwitched(model=OTHER, previous="toy", reason="better"))
    await read_model.catch_up()
    assert (await ask(read_model, "c", OTHER))[0] == (2, 1.0)
    with pytest.raises(ModelSwitched):
        await ask(read_model, "c", "toy")
    found = await live_model.live_added(read_model.pool)
    assert found is not None
    assert (found.name, found.served_as, found.dimensions) == (OTHER, "other/model", LENGTH)
    await house(log, EmbeddingsSwitched(model="toy", previous=OTHER, reason="back"))
    await read_model.catch_up()
    assert (await ask(read_model, "c", "toy"))[0] == (2, 1.0)


async def test_a_search_as_of_then_is_by_the_model_of_then(read_model: ReadModel, log: Log) -> None:
    """What was replaced keeps the vectors of each model; which one search read is told of any time, once switched."""
    story = Story(log, ["a", "b", "c"])
    await story.tell()
    await house(log, started())
    for batch in range(2):
        await reembedded(story, batch)
    then = Moment.end_of(log.clock)
    await read_model.catch_up()
    assert await model_at(read_model.pool, then.at) is None
    await house(log, EmbeddingsSwitched(model=OTHER, previous="toy", reason="better"))
    switched = log.clock
    await Story(log, ["new"], document_id=story.document_id, version=2).tell()
    await read_model.catch_up()
    assert await model_at(read_model.pool, then.at) == "toy"
    assert await model_at(read_model.pool, switched) == OTHER
    for name, vector in (("toy", vector_of("c")), (OTHER, -vector_of("c", LENGTH))):
        given = "c", vector.tolist(), 5
        page = await search(read_model.pool, "acme", "vector", *given, model=name, pinned=True, at=then)
        assert (page.hits[0].version, page.hits[0].ordinal) == (1, 2)
        assert len(page.hits) == 3


async def test_what_is_missing_is_counted(read_model: ReadModel, log: Log) -> None:
    """In batches that search sees; vectors of the second model make no version whole, and cost their own."""
    story, half = Story(log, ["a", "b", "c"]), Story(log, ["d", "e", "f"])
    await story.tell()
    await house(log, started())
    await reembedded(story, 0)
    await half.command()
    await half.submitted()
    for batch in range(2):
        await half.prepared(batch)
        await reembedded(half, batch)
    await half.indexed()
    await read_model.catch_up()
    assert await live_model.gaps(read_model.pool, OTHER) == 1
    covered = await live_model.coverage(read_model.pool, ["toy", OTHER])
    assert (covered[OTHER].batches, covered[OTHER].chunks, covered[OTHER].cost_micros) == (1, 2, 6)
    assert (covered["toy"].batches, covered["toy"].chunks) == (2, 3)
    assert (covered["toy"].alone, covered[OTHER].alone) == (1, 0)
    whole = await live_model.whole(read_model.pool)
    assert (whole.batches, whole.chunks, whole.texts, whole.tokens) == (2, 3, 3, 15)


async def test_vectors_of_a_model_are_known_by_its_name(read_model: ReadModel, log: Log) -> None:
    """The same text is paid for once a model, and never given the vector of another."""
    story = Story(log, ["a", "b"])
    await story.tell()
    await house(log, started())
    await reembedded(story, 0)
    await read_model.catch_up()
    known, wanted = KnownVectors(read_model.pool), hashlib.sha256(b"a").digest()
    assert {len(v) for v in (await known.find("acme", OTHER, [wanted])).values()} == {LENGTH}
    assert {len(v) for v in (await known.find("acme", "toy", [wanted])).values()} == {DIMENSIONS}
    assert await known.find("acme", new_name("third", 6, ()), [wanted]) == {}


@pytest.mark.parametrize("gone", ["toy", OTHER])
async def test_dropped_vectors_are_gone_for_good(read_model: ReadModel, log: Log, gone: str) -> None:
    """Those that come later, too; what search reads stays, and the same model comes back under another name only."""
    story, again = Story(log, ["a", "b", "c"]), new_name("other/model", LENGTH, [OTHER])
    await story.tell()
    await house(log, started())
    await reembedded(story, 0)
    stays = OTHER if gone == "toy" else "toy"
    if gone == "toy":
        await house(log, EmbeddingsSwitched(model=OTHER, previous="toy", reason="better"))
    await house(log, EmbeddingsDropped(model=gone, reason="dear"))
    await reembedded(story, 1)
    await house(log, started(again))
    for batch in range(2):
        await reembedded(story, batch, again)
    await read_model.catch_up()
    tables = {"toy": "chunk_vectors", OTHER: "model_vectors"}
    left = await read_model.pool.fetchval(f"select count(*) from read.{tables[gone]} where model = $1", gone)
    assert left == 0
    assert (await ask(read_model, "a", stays))[0] == (0, 1.0)
    assert (await ask(read_model, "c", again, pinned=True))[0] == (2, 1.0)


@pytest.mark.parametrize("seed", range(2))
async def test_the_order_of_the_topics_does_not_matter(
    read_model: ReadModel, log: Log, database_url: str, seed: int
) -> None:
    """However the topics are read into one another, a replay gives the same rows: switched, dropped, replaced."""
    dice = random.Random(seed)
    story = Story(log, ["a", "b", "c"])
    await story.tell()
    await house(log, started())
    await reembedded(story, 0)
    await house(log, MigrationPaused(model=OTHER, reason="a moment"))
    again = new_name("other/model", LENGTH, [OTHER])
    await house(log, EmbeddingsDropped(model=OTHER, reason="dear"))
    await reembedded(story, 1)
    await house(log, started(again))
    later = replace(story, version=2, job=uuid4(), texts=["a", "d"])
    await later.tell()
    await reembedded(later, 0, again)
    await house(log, EmbeddingsSwitched(model=again, previous="toy", reason="better"))
    await read_model.catch_up()
    straight = (await read_model.contents())["chunks"]
    topics: dict[str, list[Record]] = {}
    for record in log.records:
        topics.setdefault(record.topic, []).append(record)
    mixed = []
    while left := [records for records in topics.values() if records]:
        mixed.append(dice.choice(left).pop(0))
    await read_model.pool.execute("drop schema chunks_v2 cascade; delete from read.live where projection = 'chunks'")
    await prepare(database_url, DIMENSIONS)
    for start in range(0, len(mixed), 3):
        await read_model.fold("chunks", mixed[start : start + 3])
    assert (await read_model.contents())["chunks"] == straight


async def test_a_migration_that_fails_fails_no_job(read_model: ReadModel, log: Log) -> None:
    """Its retries and dead letters are not the document's, which goes on its way."""
    story = Story(log, ["a", "b"])
    await story.submitted(await story.command())
    log.dead(await story.prepared(0), "reembedding")
    await read_model.catch_up()
    asked = "select state, status from read.jobs join read.versions using (document_id) where document_id = $1"
    assert tuple(await read_model.pool.fetchrow(asked, story.document_id)) == ("running", "submitted")


async def test_an_erasure_takes_the_vectors_of_every_model(read_model: ReadModel, log: Log) -> None:
    """Of the version that search sees, and of those that it saw before."""
    story = Story(log, ["a", "b", "c"])
    await story.tell()
    await house(log, started())
    await reembedded(story, 0)
    later = replace(story, version=2, job=uuid4())
    await later.tell()
    await reembedded(later, 0)
    await read_model.catch_up()
    past = "select count(*) from read.past_vectors where model = $1"
    count = f"select (select count(*) from read.model_vectors) + ({past})"
    assert await read_model.pool.fetchval(count, OTHER) == 4
    erased = DocumentErased(document_id=story.document_id, version=2, erasure_id=uuid4(), jobs=())
    await log.say(erased, uuid4(), story.tenant)
    await read_model.catch_up()
    assert await read_model.pool.fetchval(count, OTHER) == 0
    assert await read_model.pool.fetchval("select count(*) from read.vector_batches") == 0
