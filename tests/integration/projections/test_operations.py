"""How Muniment was run, in real tables."""

from datetime import timedelta
from itertools import product
from uuid import UUID, uuid4

from projected_story import Log, ReadModel, Story, place_of
from support.operations import said

from muniment.api.operation_reads.postgres import PostgresOperationReads
from muniment.producers.clock import utc_now
from muniment.producers.operations.state import OperationsState, fold
from muniment.projections.operations.queries import (
    breakers,
    flag_history,
    flags,
    operations,
    outcome,
    redrive,
    redrives,
    steps,
)
from muniment.schemas.breakers import BREAKERS
from muniment.schemas.embedding_models import EmbeddingsDropped
from muniment.schemas.operations import (
    BreakerClosed,
    BreakerOpened,
    DeadLetterEdited,
    DeadLetterRedriven,
    FlagChanged,
    OperationRejected,
    RedriveEnded,
    RedriveStarted,
    StepHalted,
    StepResumed,
)

ONE, TWO = UUID(int=1), UUID(int=2)


def flag(value: bool, reason: str) -> FlagChanged:
    """The outbox, switched."""
    return FlagChanged(flag="outbox", value=value, reason=reason)


def started(redrive_id: UUID, *letters: str) -> RedriveStarted:
    """A redrive."""
    return RedriveStarted(
        redrive_id=redrive_id, letters=letters, selection={"code": "x"}, rate=2.5, canary=1, reason="healed"
    )


def sent(redrive_id: UUID, letter: str) -> DeadLetterRedriven:
    """A letter is back at its step."""
    return DeadLetterRedriven(redrive_id=redrive_id, letter=letter, document_id=None, job_id=None, times=1)


def said_of(step: str, who: str, reason: str) -> StepHalted | StepResumed:
    """What somebody says of a step: a person or the brake halts it, a command or a probe resumes it."""
    if who in {"command", "probe"}:
        return StepResumed(step=step, by=who, reason=reason)
    dead = 3 if who == "brake" else 0
    return StepHalted(step=step, reason=reason, code="", dead=dead, settled=dead)


async def test_the_last_word_on_a_thing_counts(read_model: ReadModel, log: Log) -> None:
    """Flags, steps and breakers are as the last event says, also when an older one is read once more after it."""
    halted = StepHalted(step="embedding", reason="5 of 5 dead", code="unexpected", dead=5, settled=5)
    opened = BreakerOpened(breaker="embedding", failures=5, retry_after_s=30.0, code="provider_unavailable")
    for event in (flag(True, "Kafka is moved"), flag(False, "moved"), halted, opened):
        await log.say(event, uuid4(), "acme")
    old = log.records[0]
    await log.say(StepResumed(step="embedding", by="probe", reason="it went through"), uuid4(), "acme")
    await log.say(BreakerClosed(breaker="embedding", by="command", reason="fixed"), uuid4(), "acme")
    log.again(old)
    await read_model.catch_up()
    pool = read_model.pool
    assert (await flags(pool))["outbox"].body["value"] is False
    assert [entry.reason for entry in await flag_history(pool, "outbox")] == ["moved", "Kafka is moved"]
    step = (await steps(pool))["embedding"]
    assert (step.kind, step.reason, step.body["by"]) == ("resumed", "it went through", "probe")
    assert (await breakers(pool, log.clock))["embedding"].kind == "breaker_closed"


async def test_hosts_that_nobody_calls_any_more_are_not_listed(read_model: ReadModel, log: Log) -> None:
    """A host or a model is, open or closed, for a day after the last word about it; a service always is."""

    async def opens(name: str) -> None:
        opened = BreakerOpened(breaker=name, failures=5, retry_after_s=5.0, code="fetch_failed")
        await log.say(opened, uuid4(), "muniment")

    async def closes(name: str) -> None:
        await log.say(BreakerClosed(breaker=name, by="probe", reason="a call was answered"), uuid4(), "muniment")

    log.clock = utc_now() - timedelta(days=1, seconds=10)
    for name in ("embedding", "fetching:healed", "fetching:gone", "fetching:dead", "fetching:well"):
        await opens(name)
    await closes("fetching:healed")
    log.clock = utc_now() - timedelta(hours=23, minutes=50)
    await opens("fetching:dead")
    await closes("fetching:well")
    await read_model.catch_up()
    listed = {one.name: one.state for one in await PostgresOperationReads(read_model.pool).breakers()}
    known = dict.fromkeys(BREAKERS, "closed") | {"embedding": "open"}
    assert listed == known | {"fetching:dead": "open", "fetching:well": "closed"}


async def test_a_step_is_shown_as_every_process_has_it(read_model: ReadModel, log: Log) -> None:
    """Whatever persons, brakes and probes said in whatever order: halted or not, by whom and why, as the fold says."""
    words = ("person", "brake", "command", "probe")
    stories = {f"step-{'-'.join(each)}": each for n in (1, 2, 3) for each in product(words, repeat=n)}
    stories |= {"operating": ("brake", "person")}
    state = OperationsState()
    for step, each in stories.items():
        for number, who in enumerate(each):
            await log.say(said_of(step, who, str(number)), uuid4(), "acme")
            state = fold(state, said_of(step, who, str(number)), said())
    await read_model.catch_up()
    found = await steps(read_model.pool)
    shown = {step: (e.reason, e.body["dead"]) for step, e in found.items() if e.kind == "halted"}
    assert shown == {step: (halt.reason, halt.dead) for step, halt in state.halted.items()}
    assert found.keys() == stories.keys()


async def test_a_halted_branch_is_shown_until_its_model_is_dropped(read_model: ReadModel, log: Log) -> None:
    """As every process has it: the halt ends with the model, also when it is said after the drop; others stay."""
    big, small = "reembedding:big-one#8", "reembedding:small#8"
    state = OperationsState()
    drop = EmbeddingsDropped(model="big/one#8", reason="of no use")
    for event in (said_of(big, "brake", "x"), said_of(small, "person", "x"), drop, said_of(big, "brake", "x")):
        await log.say(event, uuid4(), "acme")
        state = fold(state, event, said())
        await read_model.catch_up()
        shown = {name for name, last in (await steps(read_model.pool)).items() if last.kind == "halted"}
        assert shown == set(state.halted)
    assert shown == {small}


async def test_a_redrive_counts_what_came_of_it(read_model: ReadModel, log: Log) -> None:
    """Letters sent, those that failed again, and how it ended; each letter once, whatever is repeated."""
    letters = [log.dead(await Story(log, ("a",)).submitted(), "extracting") for _ in range(3)]
    names = [place_of(letter) for letter in letters]
    await log.say(started(ONE, *names), ONE, "acme")
    for name in names[:2]:
        await log.say(sent(ONE, name), ONE, "acme")
    await log.say(sent(ONE, names[0]), ONE, "acme")
    again = log.failed_again(letters[0], ONE, 1, "extracting")
    log.again(again)
    await log.say(started(TWO, "muniment.dlq:0:99"), TWO, "umbrella")
    await read_model.catch_up()
    found = await redrive(read_model.pool, "acme", ONE)
    assert found is not None
    assert (found.state, found.letters, found.redriven, found.failed, found.rate) == ("running", 3, 2, 1, 2.5)
    assert found.selection == {"code": "x"}
    over = RedriveEnded(redrive_id=ONE, outcome="stopped", redriven=2, left=1, reason="enough")
    await log.say(over, uuid4(), "acme")
    await read_model.catch_up()
    [ended] = (await redrives(read_model.pool, "acme")).rows
    assert (ended.state, ended.ended_reason) == ("stopped", "enough")
    assert await redrive(read_model.pool, "acme", TWO) is None


async def test_a_command_can_be_followed_to_its_decision(read_model: ReadModel, log: Log) -> None:
    """Whoever asked finds what was decided, a rejection included; another tenant finds nothing of it."""
    no = OperationRejected(command="ResumeStep", about="embedding", code="not_halted", reason="it is running")
    await log.say(no, ONE, "acme")
    edited = DeadLetterEdited(document_id=uuid4(), letter="muniment.dlq:0:1", patch="SECRET", reason="wrong title")
    await log.say(edited, TWO, "acme")
    await log.say(flag(True, "why not"), uuid4(), "umbrella")
    await read_model.catch_up()
    pool = read_model.pool
    assert [(e.kind, e.body["code"]) for e in await outcome(pool, "acme", ONE)] == [("rejected", "not_halted")]
    assert await outcome(pool, "umbrella", ONE) == []
    assert [e.kind for e in (await operations(pool, "acme")).rows] == ["flag", "edited", "rejected"]
    first = await operations(pool, "acme", limit=2)
    rest = await operations(pool, "acme", limit=2, cursor=first.cursor)
    assert [e.kind for e in rest.rows] == ["rejected"]
    assert [e.kind for e in (await operations(pool, "acme", kind="edited")).rows] == ["edited"]
    [(text,)] = await pool.fetch("select string_agg(o::text, ' ') from read.operations o")
    assert "SECRET" not in text
