"""What becomes of a command to edit a dead letter: always an event, whatever the patch makes of the record."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from support.key_ring import MemoryKeyRing
from support.letters import MemoryLetters
from support.operations import MemoryOperations
from support.redriving import letter_of, ordered
from support.steps import NOW, TENANT

from muniment.producers.log_codec import LogCodec
from muniment.schemas.commands import SubmitDocument
from muniment.schemas.event import REGISTRY, Event
from muniment.schemas.example import example
from muniment.schemas.metadata import Metadata
from muniment.schemas.operation_commands import EditDeadLetter
from muniment.schemas.operations import DeadLetterEdited, OperationRejected, RedriveStarted
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import DLQ
from muniment.stream_apps.operating.state import State
from muniment.stream_apps.operating.step import Operating
from muniment.stream_apps.operating.store import OperatingStore


class NoStore(OperatingStore):
    """Decides at once, from nothing, and keeps nothing."""

    def __init__(self) -> None:
        super().__init__(None)

    async def once(self, command_id: Any, place: Any, about: Any, decide: Any) -> list[Record]:
        """See `OperatingStore.once`."""
        del command_id, place, about
        return list(decide(State()).records)


class OneRecord:
    """See `Records`: the same record everywhere."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def at(self, place: Position) -> Record | None:
        """See `Records.at`."""
        del place
        return self._record


async def edited(patch: str) -> list[Event]:
    """What comes of an edit of a submission with a long title and a moment."""
    ring, submit = MemoryKeyRing(), example(REGISTRY["SubmitDocument.v1"])
    assert isinstance(submit, SubmitDocument)
    submit = replace(submit, document_id=uuid4(), title="x" * 600_000)
    await ring.create(TENANT, submit.document_id)
    codec = LogCodec(ring)
    sent = await codec.encode(submit, Metadata(uuid4(), TENANT, uuid4(), uuid4(), NOW, "muniment.test"))
    letter = letter_of(replace(sent.to(DLQ.name), partition=0, offset=0))
    step = Operating(NoStore(), MemoryLetters([letter]), OneRecord(sent), MemoryOperations(), codec, now=lambda: NOW)
    command = EditDeadLetter(document_id=submit.document_id, letter=letter.letter, patch=patch, reason="a typo")
    out = [one async for one in step.run(ordered(command)) if isinstance(one, Record)]
    return [(await codec.decode(one)).event for one in out]


async def test_an_edit_that_can_be_sealed_is_redriven() -> None:
    """The patch is on the record, and the redrive of it."""
    found = await edited('[{"op": "replace", "path": "/title", "value": "short"}]')
    assert [type(one) for one in found] == [DeadLetterEdited, RedriveStarted]


def put(path: str, value: Any) -> str:
    """A patch of one operation."""
    return json.dumps([{"op": "add", "path": path, "value": value}])


COPIES = [{"op": "copy", "from": "/title", "path": f"/metadata/{n}"} for n in range(5)]
DEEP = '[{"op": "add", "path": "/title", "value": ' + "[" * 200_000 + "]" * 200_000 + "}]"


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        (json.dumps(COPIES), "larger than a record"),
        (put("/size_bytes", 2**63), "/size_bytes: a whole number of 64 bit is wanted"),
        (put("/size_bytes", -(2**63) - 1), "/size_bytes: a whole number of 64 bit is wanted"),
        (put("/title", "\ud800"), "/title: text is wanted"),
        (put("/metadata/\udfff", "x"), "text is wanted"),
        (put("/\ud800", 1), "there is no such field"),
        (put("/" + "n" * 2_000_000, 1), "there is no such field"),
        (DEEP, "not JSON"),
    ],
    ids=["too large", "too great", "too small", "half a character", "in a name", "no field", "long name", "deep"],
)
async def test_an_edit_that_no_record_can_hold_is_rejected(patch: str, says: str) -> None:
    """Whoever asked hears what is wrong with it; the command is decided, and is no dead letter itself."""
    (found,) = await edited(patch)
    assert isinstance(found, OperationRejected)
    assert (found.command, found.code) == ("EditDeadLetter", "bad_patch")
    assert says in found.reason
    assert len(found.reason) < 1000
