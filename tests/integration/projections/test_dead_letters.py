"""Dead letters and what operators did with them, in real tables."""

import random
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest
from projected_story import Log, ReadModel, Story, place_of, schema_of

from muniment.projections.dead_letters.projection import DeadLetters
from muniment.projections.dead_letters.queries import (
    DeadLetterFilter,
    LetterRow,
    dead_letters,
    groups,
    waiting,
)
from muniment.projections.operations.projection import Operations
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.operations import (
    DeadLetterEdited,
    DeadLetterQuarantined,
    DeadLetterRedriven,
    DeadLettersDiscarded,
    RedriveEnded,
    RedriveStarted,
)
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, OPERATIONS

REDRIVE = UUID(int=7)


async def buried(log: Log, count: int) -> list[Record]:
    """That many dead letters of one step."""
    return [log.dead(await Story(log, ("a",)).submitted(), "extracting") for _ in range(count)]


async def operated(log: Log, *events: Event) -> None:
    """Append what operators did."""
    for event in events:
        await log.say(event, uuid4(), "acme")


def started(letters: Sequence[Record], redrive_id: UUID = REDRIVE) -> RedriveStarted:
    """A redrive of these."""
    names = tuple(map(place_of, letters))
    return RedriveStarted(redrive_id=redrive_id, letters=names, selection={}, rate=1.0, canary=0, reason="healed")


def sent(letter: Record, times: int = 1, redrive_id: UUID = REDRIVE) -> DeadLetterRedriven:
    """One of them is back at its step."""
    return DeadLetterRedriven(
        redrive_id=redrive_id, letter=place_of(letter), document_id=None, job_id=None, times=times
    )


async def statuses(read_model: ReadModel) -> dict[str, str]:
    """The status of every letter."""
    rows = await read_model.pool.fetch("select letter, status from read.dead_letters")
    return {row["letter"]: row["status"] for row in rows}


async def history(log: Log) -> list[Record]:
    """Six letters and everything that can happen to them; the letters."""
    letters = await buried(log, 6)
    again, well, left, gone, worse, mended = letters
    await operated(log, started([again, well, left]), sent(again), sent(well))
    log.failed_again(again, REDRIVE, 1, "extracting", program="0.2.0")
    await operated(
        log,
        RedriveEnded(redrive_id=REDRIVE, outcome="stopped", redriven=2, left=1, reason="enough"),
        DeadLettersDiscarded(letters=(place_of(gone),), how="command", reason="a test file"),
        DeadLetterQuarantined(letter=place_of(worse), fingerprint="x", times=3),
        DeadLetterEdited(document_id=uuid4(), letter=place_of(mended), patch="[]", reason="wrong title"),
    )
    return letters


async def test_every_status_is_told(read_model: ReadModel, log: Log) -> None:
    """Each letter is where its history left it, and says who left it there and why."""
    letters = await history(log)
    await read_model.catch_up()
    found = await statuses(read_model)
    assert [found[place_of(letter)] for letter in letters] == [
        "failed_again", "redriven", "waiting", "discarded", "quarantined", "edited",
    ]  # fmt: skip
    assert sorted(found.values()).count("waiting") == 2
    assert await waiting(read_model.pool) == 4
    [row] = (await dead_letters(read_model.pool, ["acme"], DeadLetterFilter(statuses=("discarded",)))).rows
    assert isinstance(row, LetterRow)
    assert row.reason == "a test file"
    [failed] = (await dead_letters(read_model.pool, ["acme"], DeadLetterFilter(statuses=("failed_again",)))).rows
    [new] = (await dead_letters(read_model.pool, ["acme"], DeadLetterFilter(letters=(failed.failed_as or "",)))).rows
    assert (new.redrive_letter, new.redrive_times, new.program) == (failed.letter, 1, "0.2.0")


@pytest.mark.parametrize("seed", range(6))
async def test_topics_interleave_as_they_like(read_model: ReadModel, log: Log, seed: int) -> None:
    """Whichever of the two topics is ahead, and however often a record repeats, the rows end the same."""
    await history(log)
    await read_model.catch_up()
    straight = await read_model.contents()
    for model in (DeadLetters(), Operations()):
        for table in (*model.tables, "checkpoints"):
            await read_model.pool.execute(f"truncate {schema_of(model.name)}.{table}")
    dice = random.Random(seed)
    lanes = [[r for r in log.records if r.topic == t.name] for t in (DLQ, OPERATIONS)]
    while any(lanes):
        lane = dice.choice([lane for lane in lanes if lane])
        size = dice.randint(1, 4)
        await read_model.fold("dead_letters", lane[:size])
        await read_model.fold("operations", lane[:size])
        del lane[:size]
    assert await read_model.contents() == straight


async def test_a_repeated_operation_undoes_nothing(read_model: ReadModel, log: Log) -> None:
    """An event that lies on the log twice, the second time after what followed from it, counts once."""
    [letter] = await buried(log, 1)
    await operated(log, started([letter]))
    start = log.records[-1]
    await operated(log, sent(letter))
    log.again(start)
    await read_model.catch_up(batch=1)
    assert await statuses(read_model) == {place_of(letter): "redriven"}


async def test_groups_tell_of_causes(read_model: ReadModel, log: Log) -> None:
    """A group has its counts, first and last moment, newest letter and the versions that buried its letters."""
    letters = await buried(log, 3)
    other = log.dead(await Story(log, ("b",)).submitted(), "embedding", ErrorCode.PROVIDER_REJECTED, program="0.3.0")
    await Story(log, ("c",), tenant="umbrella").submitted()
    log.dead(log.records[-1], "embedding")
    await operated(log, started(letters[:1]), sent(letters[0]))
    log.failed_again(letters[0], REDRIVE, 1, "extracting", program="0.2.0")
    await read_model.catch_up()
    newest, older = sorted(await groups(read_model.pool, ["acme"]), key=lambda g: -g.letters)
    assert (newest.step, newest.code, newest.letters) == ("extracting", "unexpected", 4)
    assert newest.by_status == {"waiting": 3, "failed_again": 1}
    assert newest.first_seen < newest.last_seen
    assert newest.programs == ("0.1.0", "0.2.0")
    assert (older.fingerprint, older.sample, older.programs) == (
        "embedding/provider_rejected", place_of(other), ("0.3.0",),
    )  # fmt: skip
    only = DeadLetterFilter(statuses=("failed_again",), since=newest.first_seen, until=newest.last_seen)
    assert [g.letters for g in await groups(read_model.pool, ["acme"], only)] == [1]
