"""The keys that the log names, whoever wrote the record that names them."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.key_ring import MemoryKeyRing

from muniment.producers.log_codec import LogCodec
from muniment.producers.lost_keys import Named, note
from muniment.schemas import example
from muniment.schemas.commands import DeleteDocument
from muniment.schemas.record import Record

DOCUMENT = UUID(int=5)
AT = 1_700_000_000_000


@pytest.fixture
async def sealed() -> Record:
    """A sealed record on the log."""
    ring, meta = MemoryKeyRing(), example.metadata("x")
    await ring.create(meta.tenant, DOCUMENT)
    record = await LogCodec(ring).encode(DeleteDocument(document_id=DOCUMENT, reason="because"), meta)
    return replace(record, partition=1, offset=9, timestamp_ms=AT)


def named(*records: Record) -> list[Named]:
    """What is told of the key that they name."""
    found: dict[UUID, Named] = {}
    for record in records:
        note(found, record)
    return list(found.values())


def test_a_record_of_no_tenant_names_its_key(sealed: Record) -> None:
    """Readers open it like any other, so they wait for its key."""
    since = datetime.fromtimestamp(AT / 1000, UTC)
    lying = replace(sealed.with_headers({"tenant": ""}), partition=1, offset=9, timestamp_ms=AT)
    assert named(lying) == [Named("", DOCUMENT, since, f"{sealed.topic}:1:9")]


@pytest.mark.parametrize("sent", [2**62, -(2**62), None])
def test_a_time_that_no_clock_shows_is_later_than_any(sealed: Record, sent: int | None) -> None:
    """So an erasure of what it names is not taken to have destroyed the key, and a record with a time goes first."""
    absurd = replace(sealed, timestamp_ms=sent, offset=4)
    (one,) = named(absurd)
    assert one.since > datetime(9000, 1, 1, tzinfo=UTC)
    assert named(absurd, sealed) == named(sealed, absurd) == named(sealed)


@given(sent=st.integers(-(2**63), 2**63 - 1))
async def test_any_time_of_a_record_can_be_told(sent: int) -> None:
    """Kafka carries whatever a producer says."""
    ring, meta = MemoryKeyRing(), example.metadata("x")
    await ring.create(meta.tenant, DOCUMENT)
    record = await LogCodec(ring).encode(DeleteDocument(document_id=DOCUMENT, reason="because"), meta)
    assert len(named(replace(record, timestamp_ms=sent))) == 1
