"""The port to the data keys under which personal payloads are sealed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.sealing import DataKey


@dataclass(frozen=True, slots=True)
class KeyOwner:
    """Whose a data key is, and whether it was destroyed."""

    tenant: str
    document_id: UUID
    destroyed: bool


def lost(key_id: UUID, place: str = "") -> StepFailure:
    """What to fail with where a key is needed that the key store has never heard of: work waits until it has it.

    `place` is that of a record that names it, where that is known.
    """
    named = f", which {place} names" if place else ""
    detail = f"the key store has never heard of data key {key_id}{named}: {ways_out(str(key_id))}"
    return StepFailure(ErrorCode.KEY_RING_UNUSABLE, detail)


def ways_out(key: str) -> str:
    """What an operator does about a data key that is lost, as it is said everywhere."""
    gone = f'`muniment keys give-up --key {key} --reason "…"` declares it destroyed'
    return f"`muniment keys restore` puts it back from a backup; where none has it, {gone}"


class KeyRing(Protocol):
    """Data keys, one to a document, kept wrapped by a key-encryption key.

    Every method raises `StepFailure(database_unavailable)` when the store is away: a key that cannot be looked up
    right now is never mistaken for one that was destroyed.
    """

    async def create(self, tenant: str, document_id: UUID) -> DataKey:
        """The document's current key, made now if it has none (or its last one was destroyed)."""
        ...

    async def current(self, tenant: str, document_id: UUID) -> DataKey | None:
        """The document's current key; `None` when it has none or it was destroyed."""
        ...

    async def find(self, key_ids: Iterable[UUID]) -> Mapping[UUID, DataKey | None]:
        """The keys of these ids, `None` for one that was destroyed.

        One that is missing from the answer was never made here, as far as this store knows: it was lost, and nothing
        that it sealed may be taken for erased (see `lost`).
        """
        ...

    async def owner(self, key_id: UUID) -> KeyOwner | None:
        """Whose key that is or was; `None` when there never was one."""
        ...

    async def tenant_key(self, tenant: str) -> bytes:
        """The tenant's secret under which content hashes are taken, made at the first call."""
        ...

    async def destroy(self, tenant: str, document_id: UUID, *, made_before: datetime | None = None) -> int:
        """Destroy every key of the document; how many there were. What they sealed is unreadable from now on.

        With `made_before`, a time of the key store's own clock, a key that was made at or after it stays.
        """
        ...
