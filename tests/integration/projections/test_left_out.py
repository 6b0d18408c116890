"""Batches that a switch of embedding models does not wait for: nobody can read them, or nobody will embed them."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from models_story import OTHER, house, reembedded, started
from projected_story import DIMENSIONS, START, Log, ReadModel, Story, place_of
from support.operations import said

from muniment.producers.lost_keys import Named, bury
from muniment.projections.chunks import live_model
from muniment.projections.chunks.live_model import Coverage
from muniment.projections.chunks.queries import search
from muniment.projections.prepare import prepare
from muniment.schemas.codec import decode, encode
from muniment.schemas.embedding_models import EmbeddingsSwitched, MigrateEmbeddings, SwitchEmbeddings, new_name
from muniment.schemas.event import Event
from muniment.schemas.metadata import event_name
from muniment.schemas.operations import DeadLetterRedriven, DeadLettersDiscarded, OperationRejected
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import BRANCH
from muniment.stream_apps.operating.model_store import ModelDecisions

MIGRATE = MigrateEmbeddings(
    model="other/model",
    dimensions=6,
    base_url="",
    query_prefix="",
    passage_prefix="",
    ask_dimensions=False,
    price_per_million_tokens=0.5,
    reason="to see",
)
"""What leads to the model of `started`."""


async def prepared(read_model: ReadModel, story: Story) -> list[Record]:
    """The batches of a version that search has come to see."""
    await story.tell()
    await read_model.catch_up()
    mine = str(story.document_id).encode()
    return [r for r in story.log.records if r.key == mine and event_name(r) == "ChunksPrepared"]


async def covered(read_model: ReadModel) -> Coverage:
    """What there is of the other model."""
    return (await live_model.coverage(read_model.pool, ["toy", OTHER]))[OTHER]


async def decided(read_model: ReadModel, command: Event) -> Event:
    """What an operator's command leads to."""
    decisions = ModelDecisions(read_model.pool, partial(live_model.gaps, read_model.pool), "toy", lambda: START)
    [record] = await decisions.once(decode(encode(command, said(), None), lambda _: None), "operating")
    return decode(record, lambda _: None).event


async def switched(read_model: ReadModel) -> str:
    """What a switch to the other model comes to: nothing when it is let, else why not."""
    await decided(read_model, MIGRATE)
    found = await decided(read_model, SwitchEmbeddings(model=OTHER, reason="better"))
    if isinstance(found, OperationRejected):
        return found.code
    assert isinstance(found, EmbeddingsSwitched)
    return ""


async def discarded(log: Log, letter: Record, how: str = "command") -> None:
    """Nobody will redrive the letter."""
    await house(log, DeadLettersDiscarded(letters=(place_of(letter),), how=how, reason="no use"))


async def has_key(read_model: ReadModel, story: Story, created_at: datetime) -> UUID:
    """The key store has a key of the document since then."""
    key_id = uuid4()
    await read_model.pool.execute(
        "insert into muniment_keys.data_keys (key_id, tenant, document_id, wrapped, kek_id, created_at) "
        "values ($1, $2, $3, 'x', 'file:1', $4)",
        *(key_id, story.tenant, story.document_id, created_at),
    )
    return key_id


async def give_up(read_model: ReadModel, story: Story, since: datetime = START) -> None:
    """`muniment keys give-up`: the key that the document's records named since then was lost, and counts as gone."""
    await bury(read_model.pool, {uuid4(): Named(story.tenant, story.document_id, since)})


async def test_what_nobody_can_read_hinders_no_switch(read_model: ReadModel, log: Log, database_url: str) -> None:
    """A document whose key was given up lives on by its words; everything else is waited for as before.

    So it is after a replay that finds the key gone: the same batches are left out.
    """
    gone, other = Story(log, ["a", "b", "c"]), Story(log, ["d", "e", "f"])
    await house(log, started())
    await prepared(read_model, gone)
    await prepared(read_model, other)
    await has_key(read_model, other, START)
    await reembedded(other, 0)
    await read_model.catch_up()
    assert await live_model.gaps(read_model.pool, OTHER) == 3
    await give_up(read_model, gone)
    assert await live_model.gaps(read_model.pool, OTHER) == 1
    assert await switched(read_model) == "embeddings_incomplete"
    await reembedded(other, 1)
    await read_model.catch_up()
    assert await switched(read_model) == ""
    found = await covered(read_model)
    assert (found.batches, found.unreadable, found.discarded, found.alone) == (2, 2, 0, 0)
    # Of the first model only: without it they are in none.
    assert (await live_model.coverage(read_model.pool, ["toy"]))["toy"].alone == 2
    await house(log, EmbeddingsSwitched(model=OTHER, previous="toy", reason="better"))
    await read_model.catch_up()
    page = await search(read_model.pool, "acme", "vector", "a", [1.0] * 6, 9, model=OTHER)
    assert {hit.document_id for hit in page.hits} == {other.document_id}

    await log.ring.destroy(gone.tenant, gone.document_id)
    await read_model.pool.execute("drop schema chunks_v2 cascade; delete from read.live where projection = 'chunks'")
    await prepare(database_url, DIMENSIONS)
    await read_model.fold("chunks", log.records)
    assert await covered(read_model) == found
    assert await live_model.gaps(read_model.pool, OTHER) == 0


@pytest.mark.parametrize(("made", "readable"), [(timedelta(0), True), (timedelta(days=1), False)])
async def test_a_living_key_counts_if_the_version_was_sealed_under_it(
    read_model: ReadModel, log: Log, made: timedelta, readable: bool
) -> None:
    """A document that was erased and came again can be read, as can one of which a forged record named a key.

    One whose key was lost cannot, though it has a new one since: that is of what comes.
    """
    story = Story(log, ["a", "b", "c"])
    await house(log, started())
    await prepared(read_model, story)
    await give_up(read_model, story)
    await has_key(read_model, story, START + made)
    assert await live_model.gaps(read_model.pool, OTHER) == (2 if readable else 0)
    assert (await covered(read_model)).unreadable == (0 if readable else 2)


async def test_a_lost_key_that_may_come_back_is_waited_for(read_model: ReadModel, log: Log) -> None:
    """While nobody has given it up the step waits for it, and so does the switch."""
    story = Story(log, ["a", "b", "c"])
    await house(log, started())
    await prepared(read_model, story)
    assert await switched(read_model) == "embeddings_incomplete"
    assert (await covered(read_model)).unreadable == 0


@pytest.mark.parametrize("how", ["command", "expired"])
async def test_what_was_discarded_hinders_no_switch(read_model: ReadModel, log: Log, how: str) -> None:
    """A letter that waits does; once an operator, or its age, has discarded it, it is left out and counted."""
    story = Story(log, ["a", "b", "c"])
    await house(log, started())
    first, second = await prepared(read_model, story)
    letter = log.dead(first.with_headers({BRANCH: OTHER}), "reembedding")
    await read_model.catch_up()
    assert await live_model.gaps(read_model.pool, OTHER) == 2
    await discarded(log, letter, how)
    await read_model.catch_up()
    assert await live_model.gaps(read_model.pool, OTHER) == 1
    assert await switched(read_model) == "embeddings_incomplete"
    late = log.dead(second.with_headers({BRANCH: OTHER}), "reembedding")
    await discarded(log, late, how)
    await read_model.catch_up()
    assert await switched(read_model) == ""
    found = await covered(read_model)
    assert (found.batches, found.unreadable, found.discarded) == (0, 0, 2)


async def test_a_discarded_letter_counts_for_its_own_model_and_work(read_model: ReadModel, log: Log) -> None:
    """Not for another model, not for a version that search does not see any more, and not for what is embedded."""
    third = new_name("third", 6, ())
    story = Story(log, ["a", "b", "c"])
    await house(log, started())
    await house(log, started(third))
    first, _ = await prepared(read_model, story)
    await discarded(log, log.dead(first.with_headers({BRANCH: third}), "reembedding"))
    await discarded(log, log.dead(first, "indexing"))
    await read_model.catch_up()
    assert await live_model.gaps(read_model.pool, OTHER) == 2
    assert await live_model.gaps(read_model.pool, third) == 1
    every = await live_model.coverage(read_model.pool, ["toy", OTHER, third])
    assert [every[model].discarded for model in (OTHER, third)] == [0, 1]
    for batch in range(2):
        await reembedded(story, batch, third)
    await read_model.catch_up()
    assert await live_model.gaps(read_model.pool, third) == 0
    found = (await live_model.coverage(read_model.pool, [third]))[third]
    assert (found.batches, found.discarded) == (2, 0)
    await Story(log, ["d"], document_id=story.document_id, version=2).tell()
    await read_model.catch_up()
    assert await live_model.gaps(read_model.pool, third) == 1


async def test_what_is_tried_again_is_waited_for(read_model: ReadModel, log: Log) -> None:
    """The last word on a batch counts: redriven it is waited for again, failed again and discarded it is left out."""
    story = Story(log, ["a", "b"])
    await house(log, started())
    [batch] = await prepared(read_model, story)
    letter, redrive = log.dead(batch.with_headers({BRANCH: OTHER}), "reembedding"), uuid4()
    await discarded(log, letter)
    await read_model.catch_up()
    assert await live_model.gaps(read_model.pool, OTHER) == 0
    await house(
        log,
        DeadLetterRedriven(
            redrive_id=redrive, letter=place_of(letter), document_id=story.document_id, job_id=story.job, times=1
        ),
    )
    await read_model.catch_up()
    assert await live_model.gaps(read_model.pool, OTHER) == 1
    again = log.failed_again(letter, redrive, 1, "reembedding")
    await read_model.catch_up()
    assert await live_model.gaps(read_model.pool, OTHER) == 1
    await discarded(log, again)
    await read_model.catch_up()
    assert await live_model.gaps(read_model.pool, OTHER) == 0
    assert (await covered(read_model)).discarded == 1
    await reembedded(story, 0)
    await read_model.catch_up()
    found = await covered(read_model)
    assert (found.batches, found.discarded) == (1, 0)


async def test_what_was_erased_is_left_out_of_everything(read_model: ReadModel, log: Log) -> None:
    """From the moment at which its key is gone it hinders nothing; once search has folded it, it is not counted."""
    story, other = Story(log, ["a", "b", "c"]), Story(log, ["d"])
    await house(log, started())
    await prepared(read_model, story)
    await prepared(read_model, other)
    await reembedded(other, 0)
    key_id = await has_key(read_model, story, START)
    await read_model.catch_up()
    assert await live_model.gaps(read_model.pool, OTHER) == 2
    gone = "update muniment_keys.data_keys set wrapped = null, destroyed_at = $2 where key_id = $1"
    await read_model.pool.execute(gone, key_id, datetime.now(UTC))
    assert await switched(read_model) == ""
    await story.delete()
    await read_model.catch_up()
    assert (await covered(read_model)).unreadable == 0
    assert await live_model.gaps(read_model.pool, OTHER) == 0
