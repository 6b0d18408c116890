"""One suite for every key ring: the one in memory and the one on Postgres keep the same promises."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from support.key_ring import MemoryKeyRing

from muniment.producers import key_file
from muniment.producers.key_ring import KeyOwner, KeyRing
from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.schemas import example
from muniment.schemas.catalogue import declarations
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import DocumentEvent
from muniment.schemas.personal import REDACTED


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A few connections to a fresh database."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=5) as made:
        yield made


@pytest.fixture(params=["memory", "postgres"])
def ring(request: pytest.FixtureRequest, tmp_path: Path) -> KeyRing:
    """The key ring under test."""
    if request.param == "memory":
        return MemoryKeyRing()
    return PostgresKeyRing(request.getfixturevalue("pool"), key_file.load(tmp_path / "ring.json"))


@pytest.fixture
def document() -> UUID:
    """A document."""
    return uuid4()


async def test_a_document_has_one_key(ring: KeyRing, document: UUID) -> None:
    """Created once, it is the same key from every side."""
    assert await ring.current("acme", document) is None
    key = await ring.create("acme", document)
    assert await ring.create("acme", document) == key == await ring.current("acme", document)
    assert await ring.find([key.key_id]) == {key.key_id: key}
    assert len(key.secret) == 32


async def test_keys_made_at_once_are_one(ring: KeyRing, document: UUID) -> None:
    """Of many who create at the same time all get the same key."""
    keys = await asyncio.gather(*(ring.create("acme", document) for _ in range(8)))
    assert len({k.key_id for k in keys}) == len({k.secret for k in keys}) == 1


async def test_tenants_and_documents_have_keys_of_their_own(ring: KeyRing, document: UUID) -> None:
    """No two documents share a key, nor do two tenants that use the same document id."""
    keys = [await ring.create(t, d) for t in ("acme", "other") for d in (document, uuid4())]
    assert len({k.key_id for k in keys}) == len({k.secret for k in keys}) == 4


async def test_a_key_that_was_never_made_is_not_taken_for_destroyed(ring: KeyRing, document: UUID) -> None:
    """It is missing from the answer, in which one that was destroyed is told as such."""
    gone = await ring.create("acme", document)
    await ring.destroy("acme", document)
    assert await ring.find([gone.key_id, uuid4()]) == {gone.key_id: None}
    assert await ring.find([]) == {}


async def test_a_key_has_its_owner(ring: KeyRing, document: UUID) -> None:
    """Whose a key is can be told also after it was destroyed; of one that never was, nothing."""
    key = await ring.create("acme", document)
    assert await ring.owner(key.key_id) == KeyOwner("acme", document, destroyed=False)
    await ring.destroy("acme", document)
    assert await ring.owner(key.key_id) == KeyOwner("acme", document, destroyed=True)
    assert await ring.owner(uuid4()) is None


async def test_a_destroyed_key_is_gone(ring: KeyRing, document: UUID) -> None:
    """After `destroy` nobody finds it; a second time there is none to destroy; a new key is another one."""
    key = await ring.create("acme", document)
    other = await ring.create("acme", uuid4())
    assert await ring.destroy("other", document) == 0
    assert await ring.destroy("acme", document) == 1
    assert await ring.destroy("acme", document) == 0
    assert await ring.current("acme", document) is None
    assert await ring.find([key.key_id, other.key_id]) == {key.key_id: None, other.key_id: other}
    again = await ring.create("acme", document)
    assert again.key_id != key.key_id
    assert again.secret != key.secret


async def test_a_key_that_was_made_since_stays(ring: KeyRing, document: UUID) -> None:
    """Destroying what was made before a moment spares a key that is newer than that."""
    key, hour = await ring.create("acme", document), timedelta(hours=1)
    assert await ring.destroy("acme", document, made_before=datetime.now(UTC) - hour) == 0
    assert await ring.current("acme", document) == key
    assert await ring.destroy("acme", document, made_before=datetime.now(UTC) + hour) == 1
    assert await ring.find([key.key_id]) == {key.key_id: None}


async def test_a_tenant_has_one_secret(ring: KeyRing) -> None:
    """The same at every call and for all who ask at once; another tenant's is another."""
    secrets = await asyncio.gather(*(ring.tenant_key("acme") for _ in range(5)))
    assert len(set(secrets)) == 1
    assert len(secrets[0]) == 32
    assert await ring.tenant_key("other") != secrets[0]


async def test_what_it_sealed_reads_as_redaction_once_destroyed(ring: KeyRing) -> None:
    """Every event, through the codec: whole while the key is there, redacted where it was personal after that."""
    codec = LogCodec(ring)
    for declared in declarations():
        event, meta = example.example(declared), example.metadata(declared.key)
        if not isinstance(event, DocumentEvent):
            continue  # about no document: there is nothing that could be sealed
        await ring.create(meta.tenant, event.document_id)
        record = await codec.encode(event, meta)
        assert (await codec.decode(record)).event == event
        await ring.destroy(meta.tenant, event.document_id)
        back = (await codec.decode(record)).event
        assert {n for n, _ in declared.personal} == {n for n in vars(back) if getattr(back, n) is REDACTED}


async def test_what_a_lost_key_sealed_is_not_redacted(ring: KeyRing) -> None:
    """Every event, through the codec: with a store that is empty, or older than the key, it fails, and all wait."""
    codec, empty = LogCodec(ring), LogCodec(MemoryKeyRing())
    for declared in declarations():
        event, meta = example.example(declared), example.metadata(declared.key)
        if not isinstance(event, DocumentEvent) or not declared.personal:
            continue
        key = await ring.create(meta.tenant, event.document_id)
        record = await codec.encode(event, meta)
        with pytest.raises(StepFailure, match=f"{key.key_id}.*muniment keys restore") as error:
            await empty.decode(record)
        assert error.value.code is ErrorCode.KEY_RING_UNUSABLE


async def test_an_emptied_store_has_lost_its_keys(pool: Any, tmp_path: Path, document: UUID) -> None:
    """After the table was emptied, by a process that did not hold the key yet: nothing reads as destroyed."""
    file = key_file.load(tmp_path / "ring.json")
    key = await PostgresKeyRing(pool, file).create("acme", document)
    await pool.execute("truncate muniment_keys.data_keys")
    assert await PostgresKeyRing(pool, file).find([key.key_id]) == {}
