"""The key ring on Postgres: data keys wrapped by the key file, in a schema that no replay ever writes."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

from muniment.producers.key_file import KeyFile
from muniment.producers.key_ring import KeyOwner
from muniment.producers.postgres import database
from muniment.producers.wrapping import FileWrapping, Wrapping
from muniment.schemas.sealing import DataKey

FRESH_S = 1.0
"""How old the last look for destroyed keys may be for a cached key to be used (seconds)."""
_CACHE_S = 60.0
_CACHE_KEYS = 2_000
_CREATE = """
insert into muniment_keys.data_keys (key_id, tenant, document_id, wrapped, kek_id, created_at)
values ($1, $2, $3, $4, $5, now())
on conflict (tenant, document_id) where destroyed_at is null do nothing returning key_id"""
_CURRENT = """
select key_id, tenant, document_id, wrapped, kek_id from muniment_keys.data_keys
where tenant = $1 and document_id = $2 and destroyed_at is null"""
_FIND = """
select key_id, tenant, document_id, wrapped, kek_id from muniment_keys.data_keys
where key_id = any($1)"""
_OWNER = "select tenant, document_id, destroyed_at from muniment_keys.data_keys where key_id = $1"
_DESTROY = """
update muniment_keys.data_keys set wrapped = null, destroyed_at = now()
where tenant = $1 and document_id = $2 and destroyed_at is null
    and ($3::timestamptz is null or created_at < $3) returning key_id"""
_TENANT_CREATE = """
insert into muniment_keys.tenant_keys (tenant, wrapped, kek_id, created_at)
values ($1, $2, $3, now()) on conflict do nothing"""
_TENANT = "select wrapped, kek_id from muniment_keys.tenant_keys where tenant = $1"


_NOW = "select now()"
# A transaction says when it began, and is seen when it is committed: looked for a while back, none is missed.
_DESTROYED = """
select key_id, tenant, document_id, destroyed_at from muniment_keys.data_keys
where destroyed_at > $1::timestamptz - interval '1 minute'"""


class PostgresKeyRing:
    """See `KeyRing`. Unwrapped keys are cached, but only used while the last look for destroyed ones is fresh.

    So a key that was destroyed opens nothing in any process `FRESH_S` later, and a process that cannot look uses none.
    """

    def __init__(self, pool: Any, wrapping: Wrapping | KeyFile) -> None:
        self._pool = pool
        self._wrapping = FileWrapping(wrapping) if isinstance(wrapping, KeyFile) else wrapping
        self._looked_at = float("-inf")
        self._since: datetime | None = None
        self._looking = asyncio.Lock()
        self._seen: dict[UUID, datetime] = {}
        self._told: list[Callable[[], None]] = []
        self._by_id: dict[UUID, tuple[float, DataKey]] = {}
        self._by_document: dict[tuple[str, UUID], tuple[float, DataKey]] = {}
        self._tenants: dict[str, bytes] = {}

    async def create(self, tenant: str, document_id: UUID) -> DataKey:
        """See `KeyRing.create`."""
        await self._freshened()
        held = self._by_document.get((tenant, document_id))
        if held and held[0] > monotonic():
            return held[1]
        key = DataKey(uuid4(), secrets.token_bytes(32))
        kek_id, wrapped = await self._wrapping.wrap(key.secret, aad=aad_of(tenant, key.key_id))
        async with database():
            made = await self._pool.fetchval(_CREATE, key.key_id, tenant, document_id, wrapped, kek_id)
        if made is None:
            existing = await self.current(tenant, document_id)
            # None: destroyed between the two statements, which is as if we had come a moment later.
            return existing or await self.create(tenant, document_id)
        return self._remembered(tenant, document_id, key)

    async def current(self, tenant: str, document_id: UUID) -> DataKey | None:
        """See `KeyRing.current`."""
        await self._freshened()
        held = self._by_document.get((tenant, document_id))
        if held and held[0] > monotonic():
            return held[1]
        async with database():
            row = await self._pool.fetchrow(_CURRENT, tenant, document_id)
        if row is None:
            return None
        return await self._unwrapped(row)

    async def find(self, key_ids: Iterable[UUID]) -> Mapping[UUID, DataKey | None]:
        """See `KeyRing.find`."""
        await self._freshened()
        now = monotonic()
        wanted = set(key_ids)
        found: dict[UUID, DataKey | None] = {}
        found |= {i: held[1] for i in wanted if (held := self._by_id.get(i)) and held[0] > now}
        missing = wanted - found.keys()
        if missing:
            async with database():
                rows = await self._pool.fetch(_FIND, list(missing))
            for row in rows:
                # A tombstone: the row of a destroyed key stays, without what it wrapped.
                found[row["key_id"]] = None if row["wrapped"] is None else await self._unwrapped(row)
        return found

    async def owner(self, key_id: UUID) -> KeyOwner | None:
        """See `KeyRing.owner`."""
        async with database():
            row = await self._pool.fetchrow(_OWNER, key_id)
        return KeyOwner(row["tenant"], row["document_id"], row["destroyed_at"] is not None) if row else None

    async def tenant_key(self, tenant: str) -> bytes:
        """See `KeyRing.tenant_key`."""
        if tenant not in self._tenants:
            kek_id, wrapped = await self._wrapping.wrap(secrets.token_bytes(32), aad=tenant.encode())
            async with database():
                row = await self._pool.fetchrow(_TENANT, tenant)
                if row is None:
                    await self._pool.execute(_TENANT_CREATE, tenant, wrapped, kek_id)
                    row = await self._pool.fetchrow(_TENANT, tenant)
            self._tenants[tenant] = await self._wrapping.unwrap(row["kek_id"], row["wrapped"], aad=tenant.encode())
        return self._tenants[tenant]

    async def destroy(self, tenant: str, document_id: UUID, *, made_before: datetime | None = None) -> int:
        """See `KeyRing.destroy`."""
        async with database():
            rows = await self._pool.fetch(_DESTROY, tenant, document_id, made_before)
        self._by_document.pop((tenant, document_id), None)
        for row in rows:
            self._by_id.pop(row["key_id"], None)
        return len(rows)

    def tell(self, on_destroyed: Callable[[], None]) -> None:
        """Call this whenever a look has found that keys were destroyed, here or by another process."""
        self._told.append(on_destroyed)

    async def look(self) -> None:
        """Let go of keys that were destroyed, by whomever. Raises `StepFailure(database_unavailable)`."""
        async with database():
            if self._since is None:
                self._since = await self._pool.fetchval(_NOW)
            rows = await self._pool.fetch(_DESTROYED, self._since)
        fresh = [row for row in rows if row["key_id"] not in self._seen]
        # All of them, each time: one that was being unwrapped while it was destroyed is remembered only after a look.
        for row in rows:
            self._by_document.pop((row["tenant"], row["document_id"]), None)
            self._by_id.pop(row["key_id"], None)
            self._since = max(self._since, row["destroyed_at"])
        # What lies further back than a look goes is not found again.
        self._seen = {row["key_id"]: row["destroyed_at"] for row in rows}
        self._looked_at = monotonic()
        if fresh:
            for on_destroyed in self._told:
                on_destroyed()

    async def _freshened(self) -> None:
        if monotonic() - self._looked_at < FRESH_S:
            return
        async with self._looking:
            if monotonic() - self._looked_at >= FRESH_S:
                await self.look()

    async def _unwrapped(self, row: Any) -> DataKey:
        secret = await self._wrapping.unwrap(row["kek_id"], row["wrapped"], aad=aad_of(row["tenant"], row["key_id"]))
        # A key that is not destroyed is its document's current one: whoever opens a record will seal the next.
        return self._remembered(row["tenant"], row["document_id"], DataKey(row["key_id"], secret))

    def _remembered(self, tenant: str, document_id: UUID, key: DataKey) -> DataKey:
        self._trim()
        self._by_document[tenant, document_id] = self._by_id[key.key_id] = (monotonic() + _CACHE_S, key)
        return key

    def _trim(self) -> None:
        # Dropping everything now and then is simpler than an LRU, and costs one look-up a key.
        if len(self._by_id) > _CACHE_KEYS:
            self._by_id.clear()
        if len(self._by_document) > _CACHE_KEYS:
            self._by_document.clear()


def aad_of(tenant: str, key_id: UUID) -> bytes:
    """What the wrapping of a data key is bound to: moved to another tenant or id it does not open."""
    return f"{tenant}/{key_id}".encode()
