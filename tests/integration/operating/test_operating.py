"""Operators' commands against a real read model, Postgres and log."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs
from support.log_reading import read_topics
from support.operations import MemoryOperations
from support.read_letters import ReadYard
from support.redriving import dead, letter_of, ordered, redrive, utc_now
from support.steps import TENANT
from support.toy_step import job

from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import encode
from muniment.schemas.commands import SubmitDocument
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import REGISTRY
from muniment.schemas.example import example
from muniment.schemas.metadata import COMMAND_POSITION, Metadata
from muniment.schemas.operation_commands import DiscardDeadLetters, EditDeadLetter, ResumeStep, SetFlag
from muniment.schemas.operations import (
    DeadLetterEdited,
    DeadLettersDiscarded,
    FlagChanged,
    OperationRejected,
    RedriveStarted,
    StepHalted,
    StepResumed,
)
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ
from muniment.stream_apps.operating.letters import ReadModelLetters
from muniment.stream_apps.operating.selection import Selection
from muniment.stream_apps.operating.step import Operating
from muniment.stream_apps.operating.store import OperatingStore
from muniment.stream_apps.redriving import announcing
from muniment.stream_apps.redriving.endings import RedriveEndings
from muniment.stream_apps.redriving.expiry import Expiry


async def test_a_selection_finds_what_all_its_parts_say(yard: ReadYard) -> None:
    """Step, code, category, cause, document, job and time narrow it down; other tenants' letters are not there."""
    old = utc_now() - timedelta(days=3)
    first = await yard.bury(at=old)
    second = await yard.bury(fingerprint="f2")
    await yard.bury(tenant="other")
    nobodys = await yard.bury(tenant="")
    letters = ReadModelLetters(yard.yard.pool)

    async def found(tenant: str = TENANT, **parts: Any) -> list[str]:
        return [one.letter for one in await letters.selected(tenant, Selection(**parts), force=False)]

    assert await found() == [first, second, nobodys]
    assert await found("third") == [nobodys]
    assert await found(fingerprint="f2") == [second]
    assert await found(document_id=await yard.document_of(first)) == [first]
    assert await found(until=old + timedelta(days=1)) == [first]
    assert await found(since=old + timedelta(days=1)) == [second, nobodys]
    assert await found(step="indexing", code="unexpected", category="transient") == [first, second, nobodys]
    for nothing in ({"step": "chunking"}, {"code": "malware"}, {"category": "x"}, {"job_id": uuid4()}):
        assert await found(**nothing) == []
    assert await found(status="quarantined") == []
    assert await found(status="waiting", fingerprint="f1", since=old + timedelta(days=1)) == [nobodys]


async def test_what_is_decided_is_what_is_read(yard: ReadYard) -> None:
    """A redrive of a cause, a discard of another: the read model says so of each letter."""
    one, other = await yard.bury(), await yard.bury(fingerprint="f2")
    (started,) = await yard.yard.order(redrive(selection={"fingerprint": "f1"}))
    assert isinstance(started, RedriveStarted)
    assert started.letters == (one,)
    await yard.catch_up()
    assert (await yard.status(one), await yard.status(other)) == ("redriving", "waiting")
    yard.yard.redrive_all()
    assert await yard.yard.ended(started.redrive_id) == "done"
    discard = DiscardDeadLetters(letters=(), selection={"fingerprint": "f2"}, confirmed=0, reason="a test import")
    (gone,) = await yard.yard.order(discard)
    assert isinstance(gone, DeadLettersDiscarded)
    await yard.catch_up()
    assert (await yard.status(one), await yard.status(other)) == ("redriven", "discarded")
    (rejected,) = await yard.yard.order(redrive(selection={"colour": "red"}))
    assert isinstance(rejected, OperationRejected)
    assert rejected.code == "bad_selection"


async def submission(yard: ReadYard, title: str) -> tuple[Record, SubmitDocument]:
    """A command with personal fields, sealed, as it lies on the log."""
    event = example(REGISTRY["SubmitDocument.v1"])
    assert isinstance(event, SubmitDocument)
    submit = SubmitDocument(**{**{n: getattr(event, n) for n in vars(event)}, "title": title, "document_id": uuid4()})
    key = await yard.yard.ring.create(TENANT, submit.document_id)
    event_id = uuid4()
    meta = Metadata(event_id, TENANT, event_id, event_id, utc_now().replace(microsecond=0), "muniment.test")
    return encode(submit, meta, await LogCodec(yard.yard.ring).key(TENANT, submit.document_id) or key), submit


async def test_an_edited_letter_goes_out_as_edited(yard: ReadYard) -> None:
    """The same event under the same id with the patch applied and sealed; the original lies where it lay."""
    record, submit = await submission(yard, "Urlaup")
    letter = await yard.bury(record=record)
    patch = json.dumps([{"op": "replace", "path": "/title", "value": "Geheimer Urlaub"}])
    command = EditDeadLetter(document_id=submit.document_id, letter=letter, patch=patch, reason="a typo")
    edited, started = await yard.yard.order(command)
    assert isinstance(edited, DeadLetterEdited)
    assert isinstance(started, RedriveStarted)
    yard.yard.redrive_all()
    assert await yard.yard.ended(started.redrive_id) == "done"
    (sent,) = await yard.yard.out()
    codec = LogCodec(yard.yard.ring)
    found = await codec.decode(sent)
    assert isinstance(found.event, SubmitDocument)
    assert (found.event.title, found.event.file_name) == ("Geheimer Urlaub", submit.file_name)
    assert (str(found.meta.event_id), sent.key) == (record.header("ce_id"), record.key)
    (original,) = read_topics_of(yard, DLQ.name)
    assert original.value == record.value
    assert (await codec.decode(original)).event == submit
    for lies in (*read_topics_of(yard, "muniment.operations"), sent):
        assert b"Geheimer" not in lies.value
    stored = await yard.yard.pool.fetchval("select edited from muniment_operating.letters")
    assert b"Geheimer" not in stored


async def test_whoever_waits_for_a_decision_waits_for_all_of_it(yard: ReadYard) -> None:
    """Of the two events of an edit only the last says which command was decided."""
    record, submit = await submission(yard, "Urlaup")
    letter = await yard.bury(record=record)
    patch = json.dumps([{"op": "replace", "path": "/title", "value": "Urlaub"}])
    await yard.yard.order(EditDeadLetter(document_id=submit.document_id, letter=letter, patch=patch, reason="a typo"))
    told = read_topics_of(yard, "muniment.operations")[:2]
    assert [(one.header("ce_type") or "").split(".")[1] for one in told] == ["DeadLetterEdited", "RedriveStarted"]
    assert [bool(one.header(COMMAND_POSITION)) for one in told] == [False, True]


def read_topics_of(yard: ReadYard, topic: str) -> list[Record]:
    """Everything on a topic of the yard."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(read_topics, yard.yard.bootstrap, [yard.yard.prefix + topic]).result()


async def test_an_edit_that_makes_no_sense_changes_nothing(yard: ReadYard) -> None:
    """A bad patch, another's document, a record that cannot be read, an erased document: rejected, with why."""
    record, submit = await submission(yard, "a")
    letter = await yard.bury(record=record)
    unreadable = await yard.bury(record=Record(record.topic, str(uuid4()).encode(), b"?", record.headers))

    async def rejected(letter: str, document_id: UUID, patch: str) -> OperationRejected:
        command = EditDeadLetter(document_id=document_id, letter=letter, patch=patch, reason="x")
        await yard.yard.ring.create(TENANT, document_id)
        (event,) = await yard.yard.order(command)
        assert isinstance(event, OperationRejected)
        return event

    good = '[{"op": "replace", "path": "/title", "value": "b"}]'
    assert (await rejected(letter, uuid4(), good)).code == "dead_letter_not_found"
    assert (
        "whole number"
        in (
            await rejected(letter, submit.document_id, '[{"op": "replace", "path": "/size_bytes", "value": "b"}]')
        ).reason
    )
    assert "cannot be read" in (await rejected(unreadable, await yard.document_of(unreadable), good)).reason
    await yard.yard.ring.destroy(TENANT, submit.document_id)
    erased = ordered(EditDeadLetter(document_id=submit.document_id, letter=letter, patch=good, reason="x"))
    (answer,) = [r async for r in yard.yard.step().run(erased) if isinstance(r, Record)]
    said = (await LogCodec(yard.yard.ring).decode(answer)).event
    assert isinstance(said, OperationRejected)
    assert "erased" in said.reason
    assert await yard.yard.pool.fetchval("select count(*) from muniment_operating.letters") == 0


async def test_switches_are_said_to_everybody(yard: ReadYard) -> None:
    """A flag, and a step that somebody halted: who asked for it is on the record."""
    (changed,) = await yard.yard.order(SetFlag(flag="outbox", value=True, reason="a drill"))
    assert isinstance(changed, FlagChanged)
    state = await yard.yard.folded()
    assert (state.flag("outbox"), state.flags["outbox"].actor) == (True, "key:operator")
    operations = MemoryOperations()
    await operations.say(StepHalted(step="indexing", reason="", code="", dead=1, settled=1))
    step = Operating(
        OperatingStore(yard.yard.pool),
        ReadModelLetters(yard.yard.pool),
        yard.yard.step()._records,
        operations,
        LogCodec(yard.yard.ring),
        now=utc_now,
    )
    envelope = ordered(ResumeStep(step="indexing", reason="mended"))
    (record,) = [r async for r in step.run(envelope) if isinstance(r, Record)]
    found = await LogCodec(yard.yard.ring).decode(record)
    assert isinstance(found.event, StepResumed)
    assert found.meta.command_position == "muniment.commands.operations:0:7"
    assert found.meta.correlation_id == envelope.meta.event_id


async def test_a_burial_that_is_repeated_is_counted_once(yard: ReadYard) -> None:
    """A worker that dies before it could say how a redriven record ended buries it again: one letter, and one count."""
    letter, endings = await yard.bury(), RedriveEndings(yard.yard.pool, utc_now)
    for turn in (1, 2, 3):
        (started,) = await yard.yard.order(redrive(letter))
        assert isinstance(started, RedriveStarted)
        past = {"redrive_id": str(started.redrive_id), "redrive_letter": letter, "redrive_times": str(turn)}
        record = job(TENANT).with_headers(past)
        died = dead(turn, record=record)
        placed = await yard.yard.publisher.send(died)
        await yard.fold([placed])
        again = await yard.yard.publisher.send(died.with_headers({"retry_first_failed_ms": "999999"}))
        await yard.fold([again])
        await endings.ended(again, "dead")
        letter = letter_of(placed).letter
        assert await yard.yard.pool.fetchval("select count(*) from read.dead_letters") == turn + 1
    (rejected,) = await yard.yard.order(redrive(letter))
    assert isinstance(rejected, OperationRejected)
    assert "1 quarantined" in rejected.reason
    await announcing.publish(yard.yard.pool, yard.yard.publisher)
    await yard.catch_up()
    assert await yard.status(letter) == "quarantined"


async def test_old_letters_expire(yard: ReadYard) -> None:
    """Once, with their tenant told; young ones, and those that went back to their steps, do not."""
    old = utc_now() - timedelta(days=200)
    expired, nobodys = await yard.bury(at=old), await yard.bury(at=old, tenant="")
    young, out = await yard.bury(), await yard.bury(at=old, fingerprint="f2")
    (started,) = await yard.yard.order(redrive(out))
    assert isinstance(started, RedriveStarted)
    expiry = Expiry(yard.yard.pool, utc_now, days=180, alarm=10)
    assert await expiry.look() == 2
    assert await expiry.look() == 0
    assert await announcing.publish(yard.yard.pool, yard.yard.publisher) == 2
    await yard.catch_up()
    assert [await yard.status(letter) for letter in (expired, nobodys, young, out)] == [
        "expired",
        "expired",
        "waiting",
        "redriving",
    ]
    (rejected,) = await yard.yard.order(redrive(expired))
    assert isinstance(rejected, OperationRejected)
    assert "1 discarded" in rejected.reason


async def test_many_letters_raise_an_alarm(yard: ReadYard) -> None:
    """Above the limit the log warns, with the number."""
    for _ in range(3):
        await yard.bury()
    for alarm, warned in ((3, False), (2, True)):
        with capture_logs() as lines:
            await Expiry(yard.yard.pool, utc_now, days=180, alarm=alarm).look()
        assert any(line["event"] == "many_dead_letters" and line["waiting"] == 3 for line in lines) is warned


async def test_without_its_read_model_a_command_waits(database_url: str, tmp_path: Path) -> None:
    """Before the projections have run for the first time nothing is decided about letters, and nothing expires."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as pool:
        with pytest.raises(StepFailure) as error:
            await ReadModelLetters(pool).named(TENANT, ["muniment.dlq:0:1"])
        assert error.value.code is ErrorCode.DATABASE_UNAVAILABLE
        assert await Expiry(pool, utc_now, days=1, alarm=1).look() == 0
