"""Dead letters of embedding models that are dropped or paused: nobody takes them up, so no redrive waits for it."""

import pytest
from support.read_letters import ReadYard
from support.redriving import make_topics, redrive, utc_now

from muniment.projections.dead_letters.queries import DeadLetterFilter, counted, dead_letters, groups, resting
from muniment.schemas.operation_commands import DiscardDeadLetters
from muniment.schemas.operations import DeadLettersDiscarded, OperationRejected, RedriveEnded, RedriveStarted
from muniment.stream_apps.redriving import announcing
from muniment.stream_apps.redriving.resting import RestingModels

KEPT, PAUSED, DROPPED = "kept#8", "paused#8", "dropped#8"


async def become(yard: ReadYard, model: str, state: str) -> None:
    """A model is so, in the decider's table and in the read model."""
    for table, more in (("muniment_operating", ""), ("read", ", reason, actor, started_at, changed_at")):
        values = ", '', '', now(), now()" if more else ""
        await yard.yard.pool.execute(
            f"insert into {table}.embedding_models (model, state{more}) values ($1, $2{values}) "
            "on conflict (model) do update set state = excluded.state",
            model,
            state,
        )


async def test_a_look_tells_what_a_redrive_leaves_out(yard: ReadYard) -> None:
    """What would go back is counted without letters of resting models; those are told of by model, with its state."""
    for model, state in ((KEPT, "kept"), (PAUSED, "paused"), (DROPPED, "dropped")):
        await become(yard, model, state)
        for _ in range(2):
            await yard.bury(model=model)
    await yard.bury()
    pool, waiting = yard.yard.pool, DeadLetterFilter(statuses=("waiting",))
    assert await counted(pool, ["acme"], waiting) == 7
    working = DeadLetterFilter(statuses=("waiting",), worked_on=True)
    assert await counted(pool, ["acme"], working) == 3
    assert [group.letters for group in await groups(pool, ["acme"], working)] == [3]
    assert len((await dead_letters(pool, ["acme"], working)).rows) == 3
    told = [(one.model, one.state, one.letters) for one in await resting(pool, ["acme"], waiting)]
    assert told == [(DROPPED, "dropped", 2), (PAUSED, "paused", 2)]
    assert await resting(pool, ["umbrella"], waiting) == []


async def test_a_redrive_takes_letters_that_somebody_would_take_up(yard: ReadYard) -> None:
    """Of all that wait those of dropped and paused models are left where they are; discarding takes them."""
    kept, other = await yard.bury(model=KEPT), await yard.bury()
    left = [await yard.bury(model=PAUSED), await yard.bury(model=DROPPED)]
    for model, state in ((KEPT, "kept"), (PAUSED, "paused"), (DROPPED, "dropped")):
        await become(yard, model, state)
    (started,) = await yard.yard.order(redrive())
    assert isinstance(started, RedriveStarted)
    assert set(started.letters) == {kept, other}
    (rejected,) = await yard.yard.order(redrive(*left))
    assert isinstance(rejected, OperationRejected)
    assert rejected.code == "nothing_to_do"
    assert "1 of dropped#8, which is dropped (nothing is embedded with it any more, so discard them)" in rejected.reason
    assert "1 of paused#8, which is paused (`muniment embeddings resume 'paused#8'" in rejected.reason
    (gone,) = await yard.yard.order(
        DiscardDeadLetters(letters=tuple(left), selection={}, confirmed=0, reason="of no use")
    )
    assert isinstance(gone, DeadLettersDiscarded)
    await become(yard, PAUSED, "kept")
    late = await yard.bury(model=PAUSED)
    (resumed,) = await yard.yard.order(redrive(late))
    assert isinstance(resumed, RedriveStarted)


@pytest.mark.parametrize("state", ["dropped", "paused"])
@pytest.mark.parametrize("canary", [0, 1])
async def test_a_model_that_rests_ends_the_redrive_of_its_letters(yard: ReadYard, state: str, canary: int) -> None:
    """Also when it came to that between the request and the run, or while a canary is out: at once, saying why."""
    await make_topics(yard.yard.bootstrap, yard.yard.prefix, "reembedding")
    letters = [await yard.bury(model=KEPT) for _ in range(3)]
    await become(yard, KEPT, "kept")
    (started,) = await yard.yard.order(redrive(canary=canary))
    assert isinstance(started, RedriveStarted)
    if canary:
        yard.yard.redrive_all()
        await yard.yard.until("select count(*) from muniment_operating.letters where state = 'redriven'", 1)
    await become(yard, KEPT, state)
    if not canary:
        yard.yard.redrive_all()
    assert await yard.yard.ended(started.redrive_id, within_s=20) == "stopped"
    (end,) = [e.event for e in await yard.yard.said() if isinstance(e.event, RedriveEnded)]
    assert (end.redriven, end.left) == (canary, len(letters) - canary)
    assert end.reason.startswith(f"kept#8 was {state} meanwhile: ")
    assert ("resume 'kept#8'" if state == "paused" else "discard them") in end.reason


async def test_what_waits_for_a_dropped_model_is_given_up(yard: ReadYard) -> None:
    """Discarded with the reason, once, its tenant told; letters of other models, and of no model, wait on."""
    gone = [await yard.bury(model=DROPPED), await yard.bury(model=DROPPED, tenant="umbrella")]
    waiting = [await yard.bury(model=PAUSED), await yard.bury(model=KEPT), await yard.bury()]
    for model, state in ((KEPT, "kept"), (PAUSED, "paused"), (DROPPED, "dropped")):
        await become(yard, model, state)
    models = RestingModels(yard.yard.pool, utc_now)
    assert await models.give_up() == 2
    assert await models.give_up() == 0
    assert await announcing.publish(yard.yard.pool, yard.yard.publisher) == 2
    discarded = [e for e in await yard.yard.said() if isinstance(e.event, DeadLettersDiscarded)]
    assert {e.meta.tenant: e.event.letters for e in discarded} == {"acme": (gone[0],), "umbrella": (gone[1],)}
    assert {e.event.reason for e in discarded} == {"their embedding model dropped#8 was dropped"}
    await yard.catch_up()
    assert [await yard.status(letter) for letter in (*gone, *waiting)] == ["discarded"] * 2 + ["waiting"] * 3
