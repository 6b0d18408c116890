"""What a key ring on Postgres keeps from whom, and what it does when the database is away."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from muniment.producers import key_file
from muniment.producers.key_file import KeyFile
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

FILE = KeyFile("one", {"one": bytes(32)})


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A few connections to a fresh database."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as made:
        yield made


async def test_another_process_finds_the_same_keys(pool: Any, tmp_path: Path) -> None:
    """Keys are in the database and the file, not in the process."""
    document = uuid4()
    first = PostgresKeyRing(pool, key_file.load(tmp_path / "ring.json"))
    key, tenant = await first.create("acme", document), await first.tenant_key("acme")
    second = PostgresKeyRing(pool, key_file.load(tmp_path / "ring.json"))
    assert await second.create("acme", document) == key
    assert await second.find([key.key_id]) == {key.key_id: key}
    assert await second.tenant_key("acme") == tenant


async def test_the_database_alone_opens_nothing(pool: Any) -> None:
    """No secret is in the database in clear, and a destroyed one is not there at all."""
    ring, document = PostgresKeyRing(pool, FILE), uuid4()
    key = await ring.create("acme", document)
    row = await pool.fetchrow("select * from muniment_keys.data_keys")
    assert all(key.secret not in bytes(v) for v in row.values() if isinstance(v, bytes))
    await ring.destroy("acme", document)
    row = await pool.fetchrow("select wrapped, destroyed_at from muniment_keys.data_keys")
    assert row["wrapped"] is None
    assert row["destroyed_at"] is not None


async def test_a_wrapped_key_moved_to_another_tenant_does_not_open(pool: Any) -> None:
    """The wrapping is bound to tenant and key id: a row that was tampered with is no key."""
    ring = PostgresKeyRing(pool, FILE)
    key = await ring.create("acme", uuid4())
    await pool.execute("update muniment_keys.data_keys set tenant = 'other'")
    with pytest.raises(StepFailure):
        await PostgresKeyRing(pool, FILE).find([key.key_id])


async def test_a_lost_wrapping_key_is_not_a_destroyed_one(pool: Any) -> None:
    """With the wrong key ring file nothing is redacted: it fails, saying which wrapping key is missing."""
    key = await PostgresKeyRing(pool, FILE).create("acme", uuid4())
    stranger = PostgresKeyRing(pool, KeyFile("two", {"two": bytes(32)}))
    with pytest.raises(StepFailure, match="one") as error:
        await stranger.find([key.key_id])
    assert error.value.code is ErrorCode.KEY_RING_UNUSABLE
    other = PostgresKeyRing(pool, KeyFile("one", {"one": bytes(31) + b"x"}))
    with pytest.raises(StepFailure):
        await other.current("acme", await _document_of(pool, key.key_id))


async def _document_of(pool: Any, key_id: UUID) -> UUID:
    found: UUID = await pool.fetchval("select document_id from muniment_keys.data_keys where key_id = $1", key_id)
    return found


async def test_a_rotated_wrapping_key_opens_what_the_old_one_wrapped(pool: Any) -> None:
    """A new current key wraps what is new; what is there stays readable."""
    old = await PostgresKeyRing(pool, FILE).create("acme", uuid4())
    ring = PostgresKeyRing(pool, KeyFile("two", {"one": bytes(32), "two": bytes(31) + b"2"}))
    new = await ring.create("acme", uuid4())
    assert set(await ring.find([old.key_id, new.key_id])) == {old.key_id, new.key_id}
    names = {r["kek_id"] for r in await pool.fetch("select kek_id from muniment_keys.data_keys")}
    assert names == {"one", "two"}


async def test_an_absent_database_is_no_destroyed_key(pool: Any) -> None:
    """Every method says `database_unavailable`, on which callers wait: never that a key is gone."""
    ring = PostgresKeyRing(pool, FILE)
    await pool.close()
    for call in (
        ring.create("acme", uuid4()),
        ring.current("acme", uuid4()),
        ring.find([uuid4()]),
        ring.tenant_key("acme"),
        ring.destroy("acme", uuid4()),
    ):
        with pytest.raises(StepFailure) as error:
            await call
        assert error.value.code is ErrorCode.DATABASE_UNAVAILABLE
