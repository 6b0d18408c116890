"""Drafts that were written from what is erased go with it, whenever they were written."""

import asyncio
import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.erasing_desk import ANSWERED, SECRET, Desk, finish
from support.erasing_house import TENANT, House
from support.until import PATIENCE_S

from muniment.producers.kept_answers import blank
from muniment.projections import checkpoint, live
from muniment.projections.registry import projection
from muniment.schemas.erasures import KeysDestroyed, StoreErased
from muniment.schemas.errors import StepFailure
from muniment.schemas.personal import REDACTED
from muniment.schemas.scripts import DraftErased, DraftStreamed, DraftWritten
from muniment.schemas.topics import PROJECTS

LOCKED = "select exists (select from pg_locks l where not l.granted and l.relation = $1::regclass)"
COLUMNS = """
select column_name from information_schema.columns
where table_schema = 'scripts_v1_partial' and table_name = 'drafts' and is_generated = 'NEVER'"""
KEPT = """
insert into muniment_access.idempotency
    (tenant, key, fingerprint, job_id, document_id, holder, status, body, expires_at)
values ($1, $2, '', $3, $3, $3, 201, $4, now() + interval '1 day')"""


@pytest.fixture
def desk(house: House) -> Desk:
    """A desk."""
    return Desk(house, uuid4(), uuid4())


async def test_no_draft_that_used_the_document_can_be_read_anywhere(desk: Desk) -> None:
    """Not the draft, nor what was made of it over two edits; one that used other documents is left alone."""
    house = desk.house
    document, other = await house.document(), await house.document()
    first, unrelated = await desk.begun(document, other), await desk.begun(other)
    await desk.written(first)
    await desk.written(unrelated)
    second = await desk.revised(await desk.revised(first))
    await desk.fold()
    assert (await desk.readable()).count(SECRET) > 8
    await house.ask([document])
    await finish(desk)
    assert {event.draft_id for event in house.events(DraftErased)} > {first, second}
    assert len(house.events(DraftErased)) == 3
    states = dict(await house.pool.fetch("select draft_id, state from read.drafts"))
    assert [states[one] for one in (first, second, unrelated)] == ["erased", "erased", "written"]
    left = await desk.readable()
    said = "request and answer of the unrelated draft, on the log and in its row, and its request before it was written"
    assert left.count(SECRET) == 2 * 2 + 1, said
    report = next(event for event in house.events(StoreErased) if event.store == "drafts")
    assert report.removed == 3
    drafts = set(house.events(KeysDestroyed)[-1].document_ids)
    assert first in drafts, "so that a key store that is restored lets go of it"
    assert unrelated not in drafts


async def test_the_words_of_a_draft_leave_kept_answers(desk: Desk) -> None:
    """The answer to who revised it stays for a repeat, without a word of it; that of another draft as it was."""
    house = desk.house
    document, other = await house.document(), await house.document()
    mine, unrelated = await desk.revised(await desk.begun(document)), await desk.revised(await desk.begun(other))
    for draft_id in (mine, unrelated):
        told = {"draft_id": str(draft_id), "state": "written", "text": f"my {SECRET}", "brief": None}
        await house.pool.execute(KEPT, TENANT, str(draft_id), uuid4(), json.dumps(told).encode())
    await house.ask([document])
    await finish(desk)
    rows = await house.pool.fetch("select key, body from muniment_access.idempotency")
    kept = {UUID(row["key"]): json.loads(row["body"]) for row in rows}
    assert (kept[mine]["draft_id"], kept[mine]["text"]) == (str(mine), "[redacted]")
    assert kept[unrelated]["text"] == f"my {SECRET}"


async def test_two_who_blank_one_answer_undo_nothing_of_each_other(desk: Desk) -> None:
    """Each read it with both words in it; whoever writes last writes what the other has taken out, too."""
    pool, ids = desk.house.pool, [uuid4(), uuid4()]
    items = {"items": [{"draft_id": str(one), "text": SECRET} for one in ids]}
    await pool.execute(KEPT, TENANT, "both", uuid4(), json.dumps(items).encode())
    read = 0
    both = asyncio.Event()

    class Slow:
        """A pool whose first two readings are over before anything is written."""

        async def fetch(self, *asked: Any) -> Any:
            nonlocal read
            rows = await pool.fetch(*asked)
            read += 1
            if read == 2:
                both.set()
            await both.wait()
            return rows

        async def execute(self, *said: Any) -> Any:
            return await pool.execute(*said)

    async with asyncio.timeout(60):
        done = await asyncio.gather(*(blank(Slow(), TENANT, [one]) for one in ids))
    assert done == [1, 1]
    assert SECRET.encode() not in await pool.fetchval("select body from muniment_access.idempotency where key = 'both'")


async def test_a_draft_that_is_being_written_meanwhile_is_not_written(desk: Desk) -> None:
    """Its documents were claimed before the fence went up: the answer, and its pieces, cannot be said any more."""
    house = desk.house
    document = await house.document()
    draft_id = await desk.begun(document)
    await house.ask([document])
    await finish(desk)
    piece = DraftStreamed(
        project_id=desk.project_id, draft_id=draft_id, job_id=draft_id, attempt=1, index=0, text="q", tokens=1
    )
    for late in (piece, DraftWritten(**desk.about(draft_id), **ANSWERED, text=SECRET)):
        with pytest.raises(StepFailure, match="key_destroyed"):
            await desk.say(late)
    assert SECRET not in await desk.readable()


async def test_nothing_is_claimed_or_inherited_once_the_fence_is_up(desk: Desk) -> None:
    """From the moment at which an erasure knows its documents, and for ever for what was taken of them before."""
    house = desk.house
    document = await house.document()
    draft_id = await desk.begun(document)
    taken_at = await desk.sources.now()
    await house.ask([document])
    await house.eraser.turn()

    async def claimed() -> bool:
        return await desk.sources.claim(TENANT, uuid4(), desk.project_id, desk.episode_id, [document], taken_at)

    assert not await claimed()
    assert not await desk.sources.inherit(TENANT, uuid4(), draft_id)
    await finish(desk)
    assert not await claimed(), "passages that were looked up before the erasure"
    assert not await desk.sources.inherit(TENANT, uuid4(), draft_id), "an editor that was open all the while"


async def test_a_try_that_may_not_go_on_leaves_what_was_prompted_before_to_the_erasure(desk: Desk) -> None:
    """A second try comes while the document is being forgotten: what the first one put on the log goes all the same."""
    house = desk.house
    document, other = await house.document(), await house.document()
    draft_id = await desk.begun(document)
    await desk.written(draft_id)
    await house.ask([document])
    await house.eraser.turn()
    where = TENANT, draft_id, desk.project_id, desk.episode_id
    assert not await desk.sources.claim(*where, [document], await desk.sources.now())
    assert await desk.sources.claim(*where, [other], await desk.sources.now()), "other passages may be used"
    await finish(desk)
    assert SECRET not in await desk.readable()
    assert await house.ring.current(TENANT, draft_id) is None


async def test_an_erasure_that_is_repeated_leaves_a_new_life_alone(desk: Desk) -> None:
    """Twice is once; what was written from a document of the same id since then stays, until that is erased."""
    house = desk.house
    document = await house.document()
    old = await desk.begun(document)
    await house.ask([document])
    await finish(desk)
    await house.ring.create(TENANT, document)
    new = await desk.begun(document)
    await desk.written(new)
    await desk.fold()
    assert [event.draft_id for event in house.events(DraftErased)] == [old]
    assert await house.ring.current(TENANT, new) is not None
    await house.ask([document])
    await finish(desk)
    assert [event.draft_id for event in house.events(DraftErased)] == [old, new]


async def test_the_erasure_waits_until_read_models_have_let_go(desk: Desk) -> None:
    """It is not completed, and nothing is forgotten of what it has to find again, while a read model shows a text."""
    house = desk.house
    document = await house.document()
    draft_id = await desk.begun(document)
    await house.ask([document])
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3):
            await house.finish()
    assert [one.draft_id for one in await desk.sources.using(TENANT, [document])] == [draft_id]
    await finish(desk)
    ids = {record.header("ce_id") for record in house.log.sent if "DraftErased" in (record.header("ce_type") or "")}
    assert len(ids) == 1, "said twice, it is the same fact"
    rows = await house.pool.fetch("select state from read.drafts")
    assert [row["state"] for row in rows] == ["erased"]
    assert REDACTED not in {row["state"] for row in rows}


async def test_what_a_replay_is_about_to_commit_of_a_draft_goes_too(desk: Desk) -> None:
    """In a version of the read model that nobody reads: its batch is waited for, and the words in it are taken out."""
    house, schema, place = desk.house, "scripts_v1_partial", (PROJECTS.name, 0)
    document = await house.document()
    draft_id = await desk.begun(document)
    await desk.written(draft_id)
    await desk.fold()
    connection = await house.connect()
    try:
        await live.create(connection, projection("scripts"), schema)
        await checkpoint.ensure(connection, schema, [place])
        await house.ask([document])
        async with connection.transaction():
            await checkpoint.lock(connection, schema, [place])
            ending = asyncio.create_task(finish(desk))
            async with asyncio.timeout(PATIENCE_S):
                while not await house.pool.fetchval(LOCKED, f"{schema}.checkpoints"):
                    assert not ending.done(), "the store did not wait for what it cannot see"
                    await asyncio.sleep(0.05)
            columns = ", ".join(row["column_name"] for row in await connection.fetch(COLUMNS))
            await connection.execute(f"insert into {schema}.drafts ({columns}) select {columns} from read.drafts")
            await connection.execute(f"update {schema}.drafts set text = $1, brief = $1", SECRET)
        await ending
        rows = await connection.fetch(f"select draft_id, text, brief from {schema}.drafts")
        assert [tuple(row) for row in rows] == [(draft_id, None, None)]
    finally:
        await connection.close()
