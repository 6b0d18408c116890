"""Nothing that was acknowledged goes with an erasure that was told before it."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from support.erasing_house import TENANT, House

from muniment.producers.erasing_fence import is_up
from muniment.producers.key_file import KeyFile
from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.schemas.codec import Envelope
from muniment.schemas.commands import EraseDocument, SubmitDocument
from muniment.schemas.documents import CommandRejected, DocumentSubmitted
from muniment.schemas.erasures import ErasureCompleted, KeysDestroyed
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.stream_apps.deciding.step import Deciding
from muniment.stream_apps.deciding.store import DecidingStore


async def submission(house: House, document: UUID, codec: LogCodec) -> Record:
    """A submission as the API puts it onto the log."""
    command = SubmitDocument(
        document_id=document,
        file_name="new.md",
        title=None,
        metadata={},
        blob="sha256:1",
        size_bytes=1,
        source="upload",
        lane="normal",
    )
    job = uuid4()
    return replace(
        await codec.encode(command, Metadata(job, TENANT, job, job, house.now, "test", actor="key:a")),
        partition=0,
        offset=1000,
    )


async def decided(house: House, envelope: Envelope, codec: LogCodec) -> list[Event]:
    """What the decider makes of a command."""
    step = Deciding(DecidingStore(house.pool), codec, house.clock)
    records = [r async for r in step.run(envelope)]
    return [(await house.codec.decode(r)).event for r in records if isinstance(r, Record)]


async def until(house: House, kind: type[Event]) -> None:
    """Turn until the log says so."""
    while not house.events(kind):
        await house.finish(turns=1)


async def old(house: House, seconds: float) -> None:
    """Let the destruction of keys lie so far back."""
    await house.pool.execute(
        "update muniment_keys.data_keys set destroyed_at = now() - $1::interval where destroyed_at is not null",
        timedelta(seconds=seconds),
    )


async def put(house: House, document: UUID) -> None:
    """Store the bytes of a new submission."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"new"

    await house.claims.put(TENANT, document, uuid4(), "original", pieces())


async def test_the_fence_is_up_until_no_process_has_a_key(house: House) -> None:
    """Well before the first command and until seconds after the keys went nothing is taken; other documents are."""
    document, other = await house.document(), await house.document()
    await house.ask([document])
    assert not await is_up(house.pool, TENANT, document)
    await house.eraser.turn()
    up_at, told_at = house.now, None
    while not house.events(KeysDestroyed):
        assert await is_up(house.pool, TENANT, document)
        assert not await is_up(house.pool, TENANT, other)
        assert not await is_up(house.pool, "other", document)
        await house.eraser.turn()
        if house.events(EraseDocument) and told_at is None:
            told_at = house.now
        await house.decide()
        house.now += timedelta(seconds=0.5)
    assert told_at is not None
    assert told_at - up_at >= timedelta(seconds=3)
    await old(house, 0)
    assert await is_up(house.pool, TENANT, document), "a process may have the key in memory"
    await old(house, 4)
    assert not await is_up(house.pool, TENANT, document)


async def test_what_was_sealed_under_a_key_that_goes_is_not_let_through(house: House) -> None:
    """Decided before the keys go, or by a process that still has one in memory, it ends as rejected; not half-way."""
    document = await house.document()
    stale = LogCodec(PostgresKeyRing(house.pool, KeyFile("one", {"one": bytes(32)})))
    first, second = await submission(house, document, stale), await submission(house, document, stale)
    await house.ask([document])
    await until(house, EraseDocument)
    (event,) = await decided(house, await stale.decode(first), stale)
    assert isinstance(event, CommandRejected)
    assert event.code == "document_erased"
    opened = await stale.decode(second)
    await until(house, KeysDestroyed)
    (event,) = await decided(house, opened, stale)
    assert isinstance(event, CommandRejected)
    await house.ring.create(TENANT, document)
    (event,) = await decided(
        house, await house.codec.decode(await submission(house, document, house.codec)), house.codec
    )
    assert isinstance(event, DocumentSubmitted)


async def test_destroying_twice_spares_the_new_key(house: House) -> None:
    """A process that died before it could say that the keys are gone is followed by one that destroys none since."""
    document = await house.document()
    erasure_id = await house.ask([document])
    await until(house, KeysDestroyed)
    key = await house.ring.create(TENANT, document)
    await house.pool.execute(
        "update muniment_erasing.erasures set stage = 'destroying' where erasure_id = $1", erasure_id
    )
    await house.finish()
    assert await house.ring.find([key.key_id]) == {key.key_id: key}
    (completed,) = house.events(ErasureCompleted)
    assert completed.keys == 1


@pytest.mark.parametrize("off", [timedelta(days=-1), timedelta(0), timedelta(days=1)])
async def test_what_is_submitted_after_it_is_a_new_life(house: House, off: timedelta) -> None:
    """Under the same id its key, its bytes and its person stay, the old ones go, whatever the eraser's clock says."""
    house.now += off
    document = await house.document("anna")
    await house.ask([document])
    await until(house, KeysDestroyed)
    key = await house.ring.create(TENANT, document)
    await house.subjects.name(TENANT, "anna", document)
    await put(house, document)
    await house.finish()
    (completed,) = house.events(ErasureCompleted)
    assert completed.keys == 1
    assert await house.ring.current(TENANT, document) == key
    assert await house.subjects.documents(TENANT, await house.subjects.tag(TENANT, "anna")) == (document,)
    assert [p.read_bytes() for p in (house.home / "blobs").rglob("*") if p.is_file()] == [b"new"]
