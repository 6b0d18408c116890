"""Replays on the real broker: what is compared, when readers are switched, what is passed by, what is kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from projected_story import DIMENSIONS, Log, Story
from support.replayed import Sender, folded_anew

from muniment.projections import checkpoint
from muniment.projections.batch import Place
from muniment.projections.config import ProjectionsConfig
from muniment.projections.fold import PoisonRecord
from muniment.projections.live import live_schema
from muniment.projections.projection import Projection
from muniment.projections.registry import projection
from muniment.projections.replaying import shadow
from muniment.projections.replaying.bounds import bounds
from muniment.projections.replaying.comparison import Comparison, compared
from muniment.projections.replaying.digest import fingerprint
from muniment.projections.replaying.load import Stopped
from muniment.projections.replaying.replay import How, Progress, Replayed, replay
from muniment.projections.replaying.turn import Underway
from muniment.projections.running import run_projections
from muniment.projections.status import Status
from muniment.schemas.metadata import event_name
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import CHUNKS, DLQ, DOCUMENTS, EMBEDDINGS


@pytest.fixture
def documents() -> Projection:
    """The projection that most of these replay."""
    return projection("documents", DIMENSIONS)


async def told(log: Log, stories: int, *, texts: tuple[str, ...] = ("one two", "three four")) -> list[Record]:
    """The records of some stories that the projections here read."""
    for number in range(stories):
        story = Story(log, texts)
        await story.tell()
        if number % 3 == 0:
            await Story(log, (*texts, "more"), document_id=story.document_id, version=2).tell()
        if number % 5 == 0:
            await story.delete()
    return [r for r in log.records if r.topic in {DOCUMENTS.name, DLQ.name, CHUNKS.name, EMBEDDINGS.name}]


@asynccontextmanager
async def schema_held(connection: Any, schema: str) -> AsyncIterator[None]:
    """A reader that is in the middle of a table of this schema."""
    async with connection.transaction():
        await connection.fetch(f"select * from {schema}.documents")
        yield


async def test_what_equals_the_live_one_is_switched_to_and_the_old_one_kept(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, documents: Projection
) -> None:
    """A replay on two lanes says the same at the same position; the old schema stays until it is dropped."""
    await sender.send(await told(log, 12))
    first = await folded_anew(documents, config, log.codec)
    before = await fingerprint(connection, documents, first.live)
    seen: list[Progress] = []
    done = await replay(documents, config, log.codec, How(lanes=2, on_progress=seen.append))
    assert done.comparison is not None
    assert done.comparison.equal
    assert done.switched
    assert before["documents"].rows == 12
    assert await fingerprint(connection, documents, done.live) == before
    indexes = "select indexname from pg_indexes where schemaname = $1 order by indexname"
    assert await connection.fetch(indexes, done.live) == await connection.fetch(indexes, first.live)
    assert ("documents_by_age",) in [tuple(row) for row in await connection.fetch(indexes, done.live)]
    assert {p.phase for p in seen} >= {"loading", "indexing", "comparing", "catching up", "switched"}
    assert [p.done for p in seen if p.phase == "loading"][-1] == seen[0].total > 0
    assert [(k.schema, k.why) for k in await shadow.kept(connection)] == [(first.live, "replaced")]
    with pytest.raises(ValueError, match="is live"):
        await shadow.drop(connection, done.live)
    other = await asyncpg.connect(config.database_url)
    async with schema_held(other, first.live):
        assert not await shadow.drop(connection, first.live, tries=1)
    await other.close()
    assert await shadow.drop(connection, first.live)
    assert await shadow.kept(connection) == []


async def test_a_difference_is_named_and_switched_to_only_when_accepted(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, documents: Projection
) -> None:
    """A row changed by hand keeps readers where they are; the next replay goes on, and switches once it is accepted."""
    await sender.send(await told(log, 6))
    live = (await folded_anew(documents, config, log.codec)).live
    await connection.execute(f"update {live}.documents set title = 'forged' where title is not null")
    refused = await replay(documents, config, log.codec, How())
    assert refused.comparison is not None
    assert (refused.switched, refused.comparison.differing) == (False, ("documents",))
    assert refused.comparison.differences[0].startswith("documents: 6 rows live, 6 from the log")
    assert await live_schema(connection, "documents") == live
    asked: list[Comparison] = []

    async def accept(comparison: Comparison) -> bool:
        asked.append(comparison)
        return True

    seen: list[Progress] = []
    done = await replay(documents, config, log.codec, How(accept=accept, on_progress=seen.append))
    assert (done.switched, done.schema) == (True, refused.schema)
    assert [c.differing for c in asked] == [("documents",)]
    assert seen[0].done == seen[0].total, "nothing is loaded twice"
    assert await connection.fetchval("select count(*) from read.documents where title = 'forged'") == 0


async def test_a_replay_that_was_stopped_goes_on_from_there(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, documents: Projection
) -> None:
    """Asked to stop in the middle it leaves the live one as it was; the next one loads only the rest."""
    await sender.send(await told(log, 12))
    live = (await folded_anew(documents, config, log.codec)).live
    stop = asyncio.Event()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("muniment.projections.replaying.load.BATCH", 10)
        with pytest.raises(Stopped):
            await replay(documents, config, log.codec, How(stop=stop, on_progress=lambda p: p.done and stop.set()))
    assert await live_schema(connection, "documents") == live
    [begun] = await shadow.kept(connection)
    assert begun.why == "unfinished"
    seen: list[Progress] = []
    done = await replay(documents, config, log.codec, How(on_progress=seen.append))
    assert (done.schema, done.switched) == (begun.schema, True)
    assert 0 < seen[0].done < seen[0].total
    assert done.comparison is not None
    assert done.comparison.equal


async def test_what_came_further_than_a_live_one_that_nobody_folds_is_begun_anew(
    *, config: ProjectionsConfig, sender: Sender, log: Log, documents: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped while it catches up, with no worker that takes the live one as far: the next replay ends all the same."""
    monkeypatch.setattr("muniment.projections.replaying.load.BATCH", 10)
    monkeypatch.setattr("muniment.projections.replaying.following.PATIENCE_S", 0.5)
    await sender.send(await told(log, 12))
    stop = asyncio.Event()

    def ahead(at: Progress) -> None:
        if at.phase == "catching up" and at.done:
            stop.set()

    with pytest.raises(Stopped):
        await replay(documents, config, log.codec, How(stop=stop, on_progress=ahead))
    seen: list[Progress] = []
    done = await asyncio.wait_for(replay(documents, config, log.codec, How(on_progress=seen.append)), 30)
    assert done.switched
    assert "waiting for the live one" in {p.phase for p in seen}


async def test_two_replays_of_one_projection_do_not_meet(
    config: ProjectionsConfig, sender: Sender, log: Log, documents: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second says that another one is under way, and touches nothing."""
    monkeypatch.setattr("muniment.projections.replaying.turn.TURN_S", 0.0)
    await sender.send(await told(log, 2))
    compares, may_go_on = asyncio.Event(), asyncio.Event()

    async def held(*given: Any) -> Comparison:
        compares.set()
        await may_go_on.wait()
        return await compared(*given)

    monkeypatch.setattr("muniment.projections.replaying.replay.compared", held)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(replay(documents, config, log.codec, How()))
        await compares.wait()
        with pytest.raises(Underway):
            await replay(documents, config, log.codec, How())
        may_go_on.set()
    assert first.result().switched


async def test_an_event_that_was_skipped_is_passed_by(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, documents: Projection
) -> None:
    """A replay stops at a poison event and names it; with its place skipped it goes on where it stopped."""
    records = await told(log, 3)
    await sender.send(records)
    [place] = await sender.send([Record(DOCUMENTS.name, str(uuid4()).encode(), b"junk", ())])
    with pytest.raises(PoisonRecord, match=str(place)) as stopped:
        await replay(documents, config, log.codec, How())
    assert Position.parse(stopped.value.place) == place
    passed = frozenset({(place.topic, place.partition, place.offset)})
    done = await replay(documents, config, log.codec, How(passed=lambda: passed))
    assert done.switched
    assert await connection.fetchval("select count(*) from read.documents") == 3
    assert (await checkpoint.read(connection, done.live))[place.topic, place.partition] == place.offset + 1


async def stopped_behind(
    config: ProjectionsConfig, log: Log, documents: Projection, passed: frozenset[Place], connection: Any
) -> None:
    """A replay that passes by these places, stopped once it has come to the end, where it looks at both."""

    def show(progress: Progress) -> None:
        if progress.phase == "indexing":
            raise Stopped

    with pytest.raises(Stopped):
        await replay(documents, config, log.codec, How(passed=lambda: passed, on_progress=show))
    [begun] = [k for k in await shadow.kept(connection) if k.why == "unfinished"]
    assert begun.projection == "documents"


@pytest.mark.parametrize("first", [True, False], ids=["skipped no more", "skipped"])
async def test_a_replay_that_goes_on_heeds_what_was_skipped_since_it_began(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, documents: Projection, *, first: bool
) -> None:
    """Behind it or before it: the result has the rows of a replay from zero that passes by the same places."""
    records = await told(log, 6)
    places = await sender.send(records)
    live = (await folded_anew(documents, config, log.codec)).live
    at = next(n for n, r in enumerate(records) if event_name(r) == "DocumentIndexed")
    skipped = frozenset({(places[at].topic, places[at].partition, places[at].offset)})
    before_it = await fingerprint(connection, documents, live)
    before, now = (skipped, frozenset[Place]()) if first else (frozenset[Place](), skipped)

    async def accept(_: Comparison) -> bool:
        return True

    await stopped_behind(config, log, documents, before, connection)
    resumed = await replay(documents, config, log.codec, How(passed=lambda: now, accept=accept))
    rows = await fingerprint(connection, documents, resumed.live)
    from_zero = await replay(documents, config, log.codec, How(passed=lambda: now, accept=accept, anew=True))
    assert rows == await fingerprint(connection, documents, from_zero.live)
    assert (rows == before_it) is first, "the skipped event makes a difference"
    assert resumed.overtaken == skipped


async def test_what_is_skipped_while_a_replay_runs_is_not_switched_to(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, documents: Projection
) -> None:
    """Folded a moment before it was skipped: the replay begins anew, and then names the difference to the live one."""
    records = await told(log, 3)
    places = await sender.send(records)
    live = (await folded_anew(documents, config, log.codec)).live
    at = next(n for n, r in enumerate(records) if event_name(r) == "DocumentIndexed")
    skipped = frozenset({(places[at].topic, places[at].partition, places[at].offset)})
    known: set[Place] = set()

    def show(progress: Progress) -> None:
        if progress.phase == "indexing":
            known.update(skipped)

    refused = await replay(documents, config, log.codec, How(passed=lambda: known, on_progress=show))
    assert (refused.switched, refused.overtaken) == (False, skipped)
    assert refused.comparison is not None
    assert "versions" in refused.comparison.differing
    assert await live_schema(connection, "documents") == live


async def test_a_replay_of_which_nobody_knows_what_it_passed_by_is_begun_anew(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, documents: Projection
) -> None:
    """A program before this one did not write it down; what it began is dropped with the first go of this one."""
    await sender.send(await told(log, 3))
    await folded_anew(documents, config, log.codec)
    await stopped_behind(config, log, documents, frozenset(), connection)
    await connection.execute("alter table read.rebuilds drop column passed")
    seen: list[Progress] = []
    done = await replay(documents, config, log.codec, How(on_progress=seen.append))
    assert done.switched
    assert seen[0].done == 0 < seen[0].total
    assert [k.why for k in await shadow.kept(connection)] == ["replaced"]


async def test_a_part_of_the_log_is_folded_beside_the_live_one(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, documents: Projection
) -> None:
    """Up to a place, or a time, the result holds what was said by then; it is never switched to."""
    mark = [r for r in await told(log, 2) if r.topic == DOCUMENTS.name]
    places = await sender.send(mark, partition=0)
    later = [r for r in (await told(log, 1))[len(mark) :] if r.topic == DOCUMENTS.name]
    await sender.send(later, partition=0)
    end = str(replace(places[-1], offset=places[-1].offset + 1))
    part: Replayed = await replay(documents, config, log.codec, How(bounds=await bounds(documents, config, "", end)))
    assert (part.switched, part.comparison) == (False, None)
    assert await connection.fetchval(f"select count(*) from {part.schema}.documents") == 2
    every = await replay(
        documents, config, log.codec, How(bounds=await bounds(documents, config, "", "2099-01-01T00:00:00Z"))
    )
    assert await connection.fetchval(f"select count(*) from {every.schema}.documents") == 3
    none = await replay(
        documents, config, log.codec, How(bounds=await bounds(documents, config, "2099-01-01T00:00:00Z", ""))
    )
    assert await connection.fetchval(f"select count(*) from {none.schema}.documents") == 0
    assert {k.why for k in await shadow.kept(connection)} == {"partial"}
    with pytest.raises(ValueError, match="does not read"):
        await bounds(documents, config, "muniment.chunks:0:1", "")
    with pytest.raises(ValueError, match=r"muniment\.documents has no partition 99"):
        await bounds(documents, config, "muniment.documents:99:1", "")


async def there(connection: Any, documents: int) -> bool:
    """Whether readers see so many documents."""
    if not await connection.fetchval("select to_regclass('read.documents') is not null"):
        return False
    return bool(await connection.fetchval("select count(*) from read.documents") == documents)


async def test_continuous_work_passes_by_what_was_skipped(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any
) -> None:
    """Nothing is folded before it is known what is skipped; then that is passed by, and other poison is parked."""
    [skipped, parked] = await sender.send([Record(DOCUMENTS.name, b"x", value, ()) for value in (b"one", b"two")])
    await sender.send(await told(log, 2))
    passed, known, stop, status = set[Place](), asyncio.Event(), asyncio.Event(), Status()
    only = replace(config, names=("documents",), group=config.topic_prefix)
    running = asyncio.create_task(
        run_projections(only, log.codec, passed=lambda _: passed, known=known, status=status, stop=stop, signals=False)
    )
    try:
        await asyncio.sleep(1)
        assert status.projections["documents"].as_dict()["error"] == "it is not known yet what is skipped"
        passed.add((skipped.topic, skipped.partition, skipped.offset))
        known.set()
        async with asyncio.timeout(90):
            while not await there(connection, 2):  # noqa: ASYNC110 - Postgres sets no event
                await asyncio.sleep(0.05)
    finally:
        stop.set()
        await running
    live = await live_schema(connection, "documents")
    rows = await connection.fetch(f'select topic, partition, "offset" from {live}.parked')
    assert [tuple(row) for row in rows] == [(parked.topic, parked.partition, parked.offset)]


async def test_a_replay_does_not_wait_for_what_is_not_on_the_log(
    *, config: ProjectionsConfig, sender: Sender, log: Log, documents: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the log ends is asked several times, and answered while a fetch waits for the next record."""
    await sender.send(await told(log, 3))
    monkeypatch.setattr("muniment.projections.sources.FETCH_WAIT_MS", 30_000)
    async with asyncio.timeout(25):
        assert (await replay(documents, config, log.codec, How())).switched
