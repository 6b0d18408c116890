"""The codec with a key ring behind it."""

import gc
import weakref
from dataclasses import replace
from uuid import UUID

import pytest
from support.key_ring import MemoryKeyRing

from muniment.producers.log_codec import LogCodec
from muniment.schemas import example
from muniment.schemas.codec import Envelope
from muniment.schemas.commands import DeleteDocument
from muniment.schemas.documents import DocumentUnchanged
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError, StepFailure
from muniment.schemas.metadata import Metadata
from muniment.schemas.personal import REDACTED
from muniment.schemas.record import Record

EVENT = DeleteDocument(document_id=UUID(int=5), reason="because")
CLEAR = DocumentUnchanged(document_id=UUID(int=5), version=1, job_id=UUID(int=6))


@pytest.fixture
def ring() -> MemoryKeyRing:
    """An empty key ring."""
    return MemoryKeyRing()


@pytest.fixture
def meta() -> Metadata:
    """An envelope."""
    return example.metadata("x")


async def test_a_personal_event_needs_its_documents_key(ring: MemoryKeyRing, meta: Metadata) -> None:
    """Sealed under the document's current key, and `key_destroyed` without one."""
    codec = LogCodec(ring)
    with pytest.raises(StepFailure) as error:
        await codec.encode(EVENT, meta)
    assert error.value.code is ErrorCode.KEY_DESTROYED
    await ring.create(meta.tenant, EVENT.document_id)
    assert (await codec.decode(await codec.encode(EVENT, meta))).event == EVENT


async def test_an_event_without_personal_fields_needs_no_key(ring: MemoryKeyRing, meta: Metadata) -> None:
    """It is written and read with no key at all."""
    codec = LogCodec(ring)
    record = await codec.encode(CLEAR, meta)
    assert record.header("key_id") is None
    assert (await codec.decode(record)).event == CLEAR


async def test_a_destroyed_key_reads_as_redaction(ring: MemoryKeyRing, meta: Metadata) -> None:
    """Alone and in a batch, and the batch goes on."""
    codec = LogCodec(ring)
    await ring.create(meta.tenant, EVENT.document_id)
    records = [await codec.encode(EVENT, meta), await codec.encode(CLEAR, meta)]
    await ring.destroy(meta.tenant, EVENT.document_id)
    alone = (await codec.decode(records[0])).event
    assert isinstance(alone, DeleteDocument)
    assert alone.reason is REDACTED
    batch = await codec.decode_many(records)
    assert [e.event for e in batch if isinstance(e, Envelope)] == [alone, CLEAR]


@pytest.mark.parametrize("header", ["", "no uuid", str(UUID(int=99))])
async def test_a_wrong_key_header_is_no_redaction(ring: MemoryKeyRing, meta: Metadata, header: str) -> None:
    """A record whose header names another key than its payload is damaged: only a destroyed key redacts."""
    codec = LogCodec(ring)
    await ring.create(meta.tenant, EVENT.document_id)
    damaged = (await codec.encode(EVENT, meta)).with_headers({"key_id": header})
    with pytest.raises(StepFailure) as error:
        await codec.decode(damaged)
    assert error.value.code is ErrorCode.UNDECODABLE
    assert [type(answer) for answer in await codec.decode_many([damaged])] == [StepFailure]


async def test_a_lost_key_is_no_redaction(ring: MemoryKeyRing, meta: Metadata) -> None:
    """A key that the store has never heard of fails, alone and in a batch: no record is at fault, and all wait."""
    await ring.create(meta.tenant, EVENT.document_id)
    records = [await LogCodec(ring).encode(CLEAR, meta), await LogCodec(ring).encode(EVENT, meta)]
    emptied = LogCodec(MemoryKeyRing())
    for work in (emptied.decode(records[1]), emptied.decode_many(records)):
        with pytest.raises(StepFailure, match="muniment keys restore") as error:
            await work
        assert error.value.code is ErrorCode.KEY_RING_UNUSABLE
    key_id = records[1].header("key_id")
    lying = replace(records[1], partition=3, offset=7)
    with pytest.raises(StepFailure) as told:
        await emptied.decode_many([records[0], lying, replace(lying, offset=8)])
    assert f"{key_id}, which {lying.topic}:3:7 names" in told.value.detail
    assert f'`muniment keys give-up --key {key_id} --reason "…"`' in told.value.detail
    assert len(await emptied.decode_many(records, unopened={EVENT.declaration.name})) == 2


async def test_a_batch_gives_an_error_in_the_place_of_its_record(ring: MemoryKeyRing, meta: Metadata) -> None:
    """One undecodable record takes nothing from its neighbours."""
    codec = LogCodec(ring)
    good = await codec.encode(CLEAR, meta)
    answers = await codec.decode_many([good, Record("t", b"", b"junk", ()), good])
    assert [isinstance(a, MunimentError) for a in answers] == [False, True, False]
    assert await codec.decode_many([]) == []


async def test_a_batch_with_a_damaged_record_is_let_go_of(ring: MemoryKeyRing, meta: Metadata) -> None:
    """Without a search for cycles, which a replay seldom makes: an error holds nothing of the batch that it was in."""

    class Held(Record):
        """A record that can be watched."""

    sound = await LogCodec(ring).encode(CLEAR, meta)
    batch = [Held(sound.topic, sound.key, value, sound.headers) for value in (sound.value, b"\0\0")]
    watched = weakref.ref(batch[0])
    gc.disable()
    try:
        kinds = [type(one) for one in await LogCodec(ring).decode_many(batch)]
        del batch
        assert kinds == [Envelope, StepFailure]
        assert watched() is None
    finally:
        gc.enable()
