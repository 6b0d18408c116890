"""Encodes and decodes records with the keys they need: the async side of `schemas.codec`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from muniment.producers.key_ring import KeyRing, lost
from muniment.schemas.codec import Envelope, KeyOf, decode, encode, key_id_in
from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import MunimentError, StepFailure
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata, event_name
from muniment.schemas.record import Record
from muniment.schemas.sealing import DataKey


class LogCodec:
    """The codec with a key ring behind it."""

    def __init__(self, key_ring: KeyRing) -> None:
        self._key_ring = key_ring

    async def encode(self, event: Event, meta: Metadata, *, owner: UUID | None = None) -> Record:
        """The record of an event, its personal fields sealed under the current key of the document, project or draft.

        `owner` says whose key it is where that is not what the event itself names.

        Raises:
            StepFailure: `key_destroyed` when that has no key any more; `database_unavailable`.

        """
        owner = (owner or event.sealed_for) if event.declaration.personal else None
        return encode(event, meta, None if owner is None else await self.key(meta.tenant, owner))

    async def key(self, tenant: str, owner: UUID) -> DataKey | None:
        """The current key of a document, project or draft, for who encodes where nothing may be awaited."""
        return await self._key_ring.current(tenant, owner)

    async def decode(self, record: Record) -> Envelope:
        """The event in a record; personal fields whose key was destroyed read as `REDACTED`.

        Raises:
            StepFailure: as `schemas.codec.decode`; `key_ring_unusable` when the key store has lost the key;
                `database_unavailable`.

        """
        return decode(record, await self._key_of([record]))

    async def decode_many(
        self, records: Sequence[Record], *, unopened: Collection[str] = ()
    ) -> list[Envelope | MunimentError]:
        """Decode a batch with one look-up of keys; a record that cannot be decoded gives its error in its place.

        The sealed fields of the events named by `unopened` are left sealed, and read as `REDACTED`.

        Raises:
            StepFailure: where no record is at fault, so that all wait: as `decode`.

        """
        shut = [bool(unopened) and event_name(record) in unopened for record in records]
        key_of = await self._key_of([record for record, is_shut in zip(records, shut, strict=True) if not is_shut])
        out: list[Envelope | MunimentError] = []
        for record, is_shut in zip(records, shut, strict=True):
            try:
                out.append(decode(record, _no_key if is_shut else key_of))
            except MunimentError as error:
                if POLICIES[error.code] is Policy.BLOCK:
                    raise
                # Its frames hold the whole batch, and this list, in a circle that replays seldom look for.
                error.__cause__ = error.__context__ = None
                out.append(error.with_traceback(None))
        return out

    async def _key_of(self, records: Sequence[Record]) -> KeyOf:
        wanted = keys_named(records)
        return keys_of(wanted, await self._key_ring.find(wanted) if wanted else {})


def keys_named(records: Iterable[Record]) -> dict[UUID, Record]:
    """The keys that headers name, each with the first record that does."""
    wanted: dict[UUID, Record] = {}
    for record in records:
        if key_id := key_id_in(record):
            wanted.setdefault(key_id, record)
    return wanted


def keys_of(wanted: Mapping[UUID, Record], found: Mapping[UUID, DataKey | None]) -> KeyOf:
    """The look-up in what a key ring has `found` of the keys that headers name (see `keys_named`).

    What it is asked for and cannot tell fails: `undecodable` for a key that no header names, `key_ring_unusable` for
    one that the key store has never heard of. Only a key that is known to be destroyed reads as nothing.
    """

    def key_of(key_id: UUID) -> DataKey | None:
        if key_id not in wanted:
            # Nobody looked for it, so nobody can say that it was destroyed.
            raise StepFailure(ErrorCode.UNDECODABLE, "a sealed field names another key than the header key_id")
        if key_id not in found:
            raise lost(key_id, wanted[key_id].place)
        return found[key_id]

    return key_of


def _no_key(_: UUID) -> None:
    return None
