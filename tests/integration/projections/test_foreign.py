"""Records of others, whose bytes nobody vouches for: they cost no reader anything but themselves."""

import random
from collections.abc import Mapping
from uuid import uuid4

import pytest
from projected_story import Log, ReadModel, Story

from muniment.projections.dead_letters.queries import dead_letters
from muniment.schemas.metadata import COMMAND_POSITION
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, DOCUMENTS

LONG = bytes(random.Random(3).choices(range(33, 127), k=6000))
"""Longer than any index of Postgres takes, and nothing in it to squeeze."""
STRANGE: Mapping[str, Mapping[str, bytes]] = {
    "no bytes of text": {"ce_id": b"\x00\xff", "tenant": b"\xff\x00", "ce_type": b"\x00"},
    "long names": {"ce_id": LONG, "tenant": LONG, "ce_type": b"a." + LONG + b".b", "redrive_id": LONG},
    "a place that is none": {COMMAND_POSITION: b"\x00:0:0", "tenant": b"acme"},
    "a place of a long name": {COMMAND_POSITION: LONG + b":0:0", "tenant": b"acme"},
    "a partition out of bounds": {COMMAND_POSITION: b"muniment.commands:99999999999:0", "tenant": b"acme"},
    "an offset out of bounds": {COMMAND_POSITION: b"muniment.commands:0:9223372036854775807", "tenant": b"acme"},
    "a place before the first": {COMMAND_POSITION: b"muniment.commands:-1:-5", "tenant": b"acme"},
    "a redrive without end": {
        "redrive_id": str(uuid4()).encode(), "redrive_letter": b"muniment.dlq:0:1", "redrive_times": b"99999999999",
    },
    "a redrive of a long name": {
        "redrive_id": str(uuid4()).encode(), "redrive_letter": LONG + b":0:1", "redrive_times": b"1",
    },
    "a wait without end": {
        "retry_step": LONG, "retry_attempt": b"99999999999", "retry_waits": b"99999999999", "retry_due_ms": b"9" * 30,
        "retry_first_failed_ms": b"9" * 30, "retry_origin": LONG + b":99999999999:" + b"9" * 30,
        "retry_code": b"unexpected", "retry_error": b"\x00", "retry_fingerprint": LONG, "retry_program": LONG,
        "traceparent": b"00-" + LONG + b"-1-1",
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", STRANGE)
async def test_a_foreign_record_stops_no_reader(read_model: ReadModel, log: Log, kind: str) -> None:
    """What it says of itself may be anything: what comes after it is read, and what was buried of it is a letter."""
    headers = tuple(STRANGE[kind].items())
    for value in (b"", b"\x00\x00\x00\x00\x01?"):
        log.append(Record(DOCUMENTS.name, LONG, value, headers))
        log.append(Record(DLQ.name, LONG, value, headers))
    story = Story(log, ("a",))
    await story.submitted()
    buried = log.dead(Record(DOCUMENTS.name, LONG, b"?", headers, 0, 1), "indexing")
    late = log.append(Record(DLQ.name, b"k", b"", headers))
    log.records[-1] = Record(late.topic, late.key, late.value, late.headers, late.partition, late.offset, 2**62)
    await read_model.catch_up()
    assert await read_model.pool.fetchval("select count(*) from read.documents") == 1
    letters = await read_model.pool.fetch("select letter, tenant from read.dead_letters")
    assert len(letters) == 4
    assert f"{buried.topic}:{buried.partition}:{buried.offset}" in {row["letter"] for row in letters}
    page = await dead_letters(read_model.pool, sorted({row["tenant"] for row in letters}))
    assert len(page.rows) == 4
