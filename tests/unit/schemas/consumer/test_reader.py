"""Messages of any client become the events that they are."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest
from support.golden import golden_record

from muniment.schemas import example
from muniment.schemas.catalogue import declarations
from muniment.schemas.consumer import REDACTED, SEALED, Reader, record_of
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError
from muniment.schemas.event import Declaration
from muniment.schemas.record import Record

EVERY = pytest.mark.parametrize("declared", declarations(), ids=lambda d: d.key)


class WithMethods:
    """A message as confluent-kafka gives it."""

    def __init__(self, record: Record) -> None:
        values: dict[str, Any] = {
            "topic": record.topic,
            "key": record.key,
            "value": record.value,
            "headers": list(record.headers),
            "partition": record.partition,
            "offset": record.offset,
            "timestamp": (1, record.timestamp_ms),
        }
        for name, value in values.items():
            setattr(self, name, lambda value=value: value)


@dataclass
class WithAttributes:
    """A message as aiokafka gives it."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    partition: int
    offset: int
    timestamp: int


def with_attributes(record: Record) -> WithAttributes:
    """See the class."""
    return WithAttributes(
        record.topic,
        record.key,
        record.value,
        record.headers,
        record.partition or 0,
        record.offset or 0,
        record.timestamp_ms or 0,
    )


def placed(declared: Declaration) -> Record:
    """The golden record, read from somewhere."""
    return replace(golden_record(declared), partition=3, offset=14, timestamp_ms=1_700_000_000_000)


@EVERY
@pytest.mark.parametrize("client", [WithMethods, with_attributes, lambda record: record], ids=["C", "Python", "ours"])
def test_a_message_of_any_client_is_its_event(declared: Declaration, client: Callable[[Record], Any]) -> None:
    """With the key in hand the whole event comes back, with its envelope and its place."""
    found = Reader(lambda _: example.KEY).read(client(placed(declared)))
    assert found.event == example.example(declared)
    assert found.meta == example.metadata(declared.key)
    assert found.record == placed(declared)


@EVERY
def test_without_keys_what_is_personal_stays_sealed(declared: Declaration) -> None:
    """Every personal field says so by its value, which is not the one for a destroyed key; the rest is in clear."""
    event = Reader().read(golden_record(declared)).event
    assert {name for name, _ in declared.personal} == {n for n, v in vars(event).items() if v is SEALED}
    whole = example.example(declared)
    assert all(getattr(event, name) == getattr(whole, name) for name, _ in declared.clear)


def test_a_destroyed_key_is_told_apart_from_a_closed_one() -> None:
    """Gone for everybody is another thing than not for me."""
    declared = next(d for d in declarations() if d.key == "DocumentSubmitted.v1")
    event = Reader(lambda _: None).read(golden_record(declared)).event
    assert event.title is REDACTED  # type: ignore[attr-defined]
    assert REDACTED is not SEALED


def test_each_field_asks_for_the_key_that_sealed_it() -> None:
    """The id in the payload decides, and is the one in the header."""
    declared = next(d for d in declarations() if d.key == "DocumentSubmitted.v1")
    asked: set[UUID] = set()
    Reader(lambda key_id: asked.add(key_id) or SEALED).read(golden_record(declared))  # type: ignore[func-returns-value]
    assert {str(one) for one in asked} == {golden_record(declared).header("key_id")}


def test_a_message_without_anything_is_no_event() -> None:
    """A tombstone, or one with no headers, is an error with a code, never a crash of its reader."""
    empty = WithAttributes("muniment.documents", None, None, (), 0, 0, -1)
    assert record_of(empty).timestamp_ms is None
    with pytest.raises(MunimentError) as error:
        Reader().read(empty)
    assert error.value.code is ErrorCode.UNDECODABLE


def test_an_event_of_a_newer_version_is_named() -> None:
    """A kit that is older than the record says so."""
    record = golden_record(declarations()[0])
    newer = replace(record, value=b"\0" + (2_000_000).to_bytes(4, "big") + record.value[5:])
    with pytest.raises(MunimentError) as error:
        Reader().read(newer)
    assert error.value.code is ErrorCode.UNKNOWN_EVENT
