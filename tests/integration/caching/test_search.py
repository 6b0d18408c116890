"""Kept searches on real read models: never older than what is there, gone with what was erased, dispensable."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
from cached_instances import Instance
from projected_story import Log, ReadModel, Story

from muniment.schemas.documents import DocumentErased
from muniment.schemas.record import Position
from muniment.stream_apps.erasing.kept import KeptStore
from muniment.stream_apps.erasing.stores import About, Forgotten


async def told(read_model: ReadModel, log: Log, *texts: str, tenant: str = "acme") -> Story:
    """A document with these chunks, folded."""
    story = Story(log, texts, tenant=tenant)
    await story.tell()
    await read_model.catch_up()
    return story


async def kept(pool: asyncpg.Pool, wanted: int) -> None:
    """Wait until so many answers are shared."""
    async with asyncio.timeout(60):
        while await pool.fetchval("select count(*) from muniment_caching.answers") < wanted:  # noqa: ASYNC110 - rows
            await asyncio.sleep(0.01)


async def test_another_instance_is_given_what_the_first_has_searched(
    instances: list[Instance], read_model: ReadModel, log: Log, pool: asyncpg.Pool
) -> None:
    """The read model is searched once for two who ask the same at two instances, with equal answers."""
    one, other = instances
    await told(read_model, log, "annual leave", "sick leave")
    first = await one.search("leave")
    await kept(pool, 1)
    assert await other.search("leave") == first
    assert await one.search("leave") == first
    assert (len(first), one.searched, other.searched) == (2, ["leave"], [])


async def test_a_change_is_in_the_next_answer_of_every_instance(
    instances: list[Instance], read_model: ReadModel, log: Log, pool: asyncpg.Pool
) -> None:
    """Once a fold is committed no instance gives an answer from before it; other tenants' answers stay kept."""
    await told(read_model, log, "annual leave")
    await told(read_model, log, "their leave", tenant="umbrella")
    for instance in instances:
        assert await instance.search("leave") == ["annual leave"]
        assert await instance.search("leave", "umbrella") == ["their leave"]
        await kept(pool, 2)
    story = Story(log, ("parental leave",))
    await story.tell()
    await read_model.catch_up()
    for instance in instances:
        assert sorted(await instance.search("leave")) == ["annual leave", "parental leave"]
    await story.delete()
    await read_model.catch_up()
    before = [list(instance.searched) for instance in instances]
    for instance in instances:
        assert await instance.search("leave") == ["annual leave"]
        await kept(pool, 1)
    assert instances[0].searched == [*before[0], "leave"]
    assert await instances[1].search("leave", "umbrella") == ["their leave"]


async def test_who_waited_for_a_position_sees_it(
    instances: list[Instance], read_model: ReadModel, log: Log, pool: asyncpg.Pool
) -> None:
    """A read that waited for its own change is never given an answer from before it."""
    one = instances[0]
    for number in range(5):
        assert len(await one.search("leave")) == number
        command = await Story(log, (f"leave {number}",)).tell()
        folding = asyncio.create_task(read_model.catch_up())
        assert await one.deps.reads.wait_for("chunks", [Position(command.topic, 0, command.offset)], 60) is None
        assert len(await one.search("leave")) == number + 1
        await folding


async def test_memories_let_go_by_themselves(
    instances: list[Instance], read_model: ReadModel, log: Log, pool: asyncpg.Pool
) -> None:
    """An instance that nobody asks soon holds nothing from before a change; unasked it would for a day."""
    await told(read_model, log, "annual leave")
    for instance in instances:
        await instance.search("leave")
    assert [len(instance.memory) for instance in instances] == [1, 1]
    # What changed while nobody listened is told to nobody: each listens on a connection of its own, once that is there.
    listening = "select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen %'"
    async with asyncio.timeout(60):
        while await pool.fetchval(listening) < len(instances):  # noqa: ASYNC110 - nobody is told who listens
            await asyncio.sleep(0.01)
    await told(read_model, log, "sick leave")
    async with asyncio.timeout(60):
        while any(len(instance.memory) for instance in instances):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)


async def test_a_rebuilt_read_model_ends_all_answers(
    instances: list[Instance], read_model: ReadModel, log: Log, pool: asyncpg.Pool
) -> None:
    """What was answered from one version of the tables is not given once another one is read."""
    one = instances[0]
    await told(read_model, log, "annual leave")
    await one.search("leave")
    await pool.execute("update read.live set switched_at = now() where projection = 'chunks'")
    await one.search("leave")
    assert one.searched == ["leave", "leave"]


async def test_reads_go_on_without_the_shared_layer(
    instances: list[Instance], read_model: ReadModel, log: Log, pool: asyncpg.Pool
) -> None:
    """With its tables dropped every search is answered from the read model, as if there were no cache."""
    await told(read_model, log, "annual leave")
    await pool.execute("drop table muniment_caching.answers")
    assert await instances[0].search("leave") == ["annual leave"]
    assert await instances[0].search("leave") == ["annual leave"]
    await pool.execute("drop table muniment_caching.generations cascade")
    assert await instances[1].search("leave") == ["annual leave"]
    assert await instances[1].search("leave") == ["annual leave"]


async def test_an_erasure_takes_every_kept_answer(
    instances: list[Instance], read_model: ReadModel, log: Log, pool: asyncpg.Pool
) -> None:
    """Its store finds the answers that name the document and leaves none of the tenant's; nothing comes in after it."""
    one = instances[0]
    story = await told(read_model, log, "annual leave")
    await told(read_model, log, "their leave", tenant="umbrella")
    await one.search("leave")
    await one.search("leave", "umbrella")
    await kept(pool, 2)
    store = KeptStore(pool)
    assert await store.count(About("acme", [story.document_id])) == 1
    await story.say(DocumentErased(document_id=story.document_id, version=1, erasure_id=uuid4(), jobs=()))
    await read_model.catch_up()
    now = datetime.now(UTC)
    await store.erase(Forgotten("acme", [story.document_id], now, now))
    assert await pool.fetch("select tenant from muniment_caching.answers") == [("umbrella",)]
    assert await one.search("leave") == []
