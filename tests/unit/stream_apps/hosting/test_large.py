"""Records as large as a topic takes them, whoever sent them: there is room for what becomes of them."""

import pytest
from support.key_ring import MemoryKeyRing
from support.publisher import MemoryPublisher
from support.toy_step import Do, ToyStep, job

from muniment.producers.log_codec import LogCodec
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import retry_state
from muniment.schemas.topics import DLQ, DOCUMENTS, MAX_MESSAGE_BYTES, RETRY_TIERS
from muniment.stream_apps.hosting.settle import Settler

AROUND = 100
"""The least that a batch of one record takes beside key, value and headers."""


async def told_to_end(record: Record) -> list[Record]:
    """What was sent until the record was settled; whoever waits in it has no room."""
    log = MemoryPublisher()

    async def sleep(_: float) -> None:
        raise AssertionError("it is tried again for ever")

    await Settler(LogCodec(MemoryKeyRing()), log, sleep=sleep).settle(ToyStep("acme"), record)
    return log.sent


@pytest.mark.parametrize(
    "header", ["tenant", "actor", "traceparent", "lane", "command_position", "ce_id", "retry_trace", "x"]
)
async def test_a_foreign_record_of_any_size_becomes_a_letter(header: str) -> None:
    """A value as long as the topic takes, or a header as long: it lies with the dead letters, and the lane goes on."""
    given = job("acme", do=Do.NEVER)
    room = MAX_MESSAGE_BYTES - AROUND - sum(len(name) + len(value) for name, value in given.headers)
    long_value = Record(DOCUMENTS.name, given.key, bytes(room - len(given.key)), given.headers, 0, 1)
    long_header = b"00-" + b"a" * (room - len(given.key) - len(given.value) - len(header) - 10) + b"-b-01"
    headers = tuple((k, v) for k, v in given.headers if k != header)
    strange = Record(DOCUMENTS.name, given.key, given.value, (*headers, (header, long_header)), 0, 1)
    for record in (long_value, strange):
        letter = next(one for one in await told_to_end(record) if one.topic == DLQ.name)
        assert letter.value == record.value
        assert retry_state(letter) is not None


async def test_it_finds_room_in_a_tier_as_well() -> None:
    """One that can be worked on waits for its retry like any other."""
    given = job("acme", do=Do.OUTAGE)
    room = MAX_MESSAGE_BYTES - AROUND - sum(len(name) + len(value) for name, value in given.headers)
    header = ("x", bytes(room - len(given.key) - len(given.value)))
    sent = await told_to_end(Record(DOCUMENTS.name, given.key, given.value, (*given.headers, header), 0, 1))
    assert sent[-1].topic == RETRY_TIERS[0].name
