"""A key ring in memory, for tests that need keys and no database."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID, uuid5

from muniment.producers.key_ring import KeyOwner
from muniment.schemas.sealing import DataKey


class MemoryKeyRing:
    """See `KeyRing`. Keys are derived, so a run repeats; one that was destroyed never comes back."""

    def __init__(self) -> None:
        self._live: dict[tuple[str, UUID], DataKey] = {}
        self._by_id: dict[UUID, DataKey] = {}
        self._made = 0
        self._owners: dict[UUID, tuple[str, UUID]] = {}
        self._made_at: dict[UUID, datetime] = {}

    async def create(self, tenant: str, document_id: UUID) -> DataKey:
        """See `KeyRing.create`."""
        place = (tenant, document_id)
        if place not in self._live:
            self._made += 1
            key = DataKey(uuid5(document_id, f"{tenant}/{self._made}"), self._made.to_bytes(32, "big"))
            self._live[place] = self._by_id[key.key_id] = key
            self._owners[key.key_id] = place
            self._made_at[key.key_id] = datetime.now(UTC)
        return self._live[place]

    async def current(self, tenant: str, document_id: UUID) -> DataKey | None:
        """See `KeyRing.current`."""
        return self._live.get((tenant, document_id))

    async def find(self, key_ids: Iterable[UUID]) -> Mapping[UUID, DataKey | None]:
        """See `KeyRing.find`."""
        return {i: self._by_id.get(i) for i in key_ids if i in self._owners}

    async def owner(self, key_id: UUID) -> KeyOwner | None:
        """See `KeyRing.owner`."""
        place = self._owners.get(key_id)
        return KeyOwner(*place, destroyed=key_id not in self._by_id) if place else None

    async def tenant_key(self, tenant: str) -> bytes:
        """See `KeyRing.tenant_key`."""
        return tenant.encode().ljust(32, b"\0")[:32]

    async def destroy(self, tenant: str, document_id: UUID, *, made_before: datetime | None = None) -> int:
        """See `KeyRing.destroy`."""
        key = self._live.get((tenant, document_id))
        if key is None or (made_before and self._made_at[key.key_id] >= made_before):
            return 0
        del self._live[tenant, document_id]
        del self._by_id[key.key_id]
        return 1


class OwnKeys(MemoryKeyRing):
    """Takes every key that it has not made for a destroyed one: for a process on a broker that others use, too."""

    async def find(self, key_ids: Iterable[UUID]) -> Mapping[UUID, DataKey | None]:
        """See `KeyRing.find`."""
        wanted = tuple(key_ids)
        return dict.fromkeys(wanted) | dict(await super().find(wanted))
