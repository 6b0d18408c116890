"""Data keys that nobody has any more, and that are no tombstones: what needs one waits.

The log names them and the key store has never heard of them (it was emptied, or restored from too old a backup); or the
store has them, wrapped by a key-encryption key that is gone with its file. A key whose document the log says was erased
since is told apart: that one is destroyed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from muniment.producers.key_backup import Destroyed
from muniment.producers.log_spans import log_spans
from muniment.producers.postgres import database
from muniment.schemas.codec import key_id_in, sealed_for
from muniment.schemas.errors import MunimentError
from muniment.schemas.record import Record
from muniment.schemas.topics import TOPICS

_KNOWN = "select key_id from muniment_keys.data_keys where key_id = any($1)"
# Wrapped by nothing: no key-encryption key is kept for it.
_BURY = """
insert into muniment_keys.data_keys (key_id, tenant, document_id, wrapped, kek_id, created_at, destroyed_at)
values ($1, $2, $3, null, '', least($4, now()), now()) on conflict do nothing"""
_WRAPPED = """
select (select count(*) from muniment_keys.data_keys where kek_id = $1 and destroyed_at is null) as data,
    (select count(*) from muniment_keys.tenant_keys where kek_id = $1) as tenants"""
_BURY_WRAPPED = """
update muniment_keys.data_keys set wrapped = null, kek_id = '', destroyed_at = now()
where kek_id = $1 and destroyed_at is null"""
# It opens nothing; the next one is made when it is needed, and finds no vector that was kept under digests by this one.
_FORGET_TENANTS = "delete from muniment_keys.tenant_keys where kek_id = $1"
_LONGEST = 300
_UNKNOWN = datetime(9999, 1, 1, tzinfo=UTC)
"""For a time that no clock shows: no erasure came after it, so the key does not count as erased by one."""


@dataclass(frozen=True, slots=True)
class Named:
    """A key as the log names it: of which tenant, sealing for what document, project or draft, and since when.

    `place` is where the first record lies that names it. A forged record may name any tenant, an empty one, too.
    """

    tenant: str
    owner: UUID
    since: datetime
    place: str = ""


async def named_on_log(bootstrap: str, topics: Iterable[str] | None = None) -> dict[UUID, Named]:
    """Every data key that a record is sealed under, on all topics or on `topics`.

    A sealed record that somebody put onto a topic of other events stops whoever reads that.

    Raises:
        StepFailure: `log_unavailable`.

    """
    found: dict[UUID, Named] = {}
    wanted = sorted({one.name for one in TOPICS} if topics is None else topics)
    async with log_spans(bootstrap, told="which keys the log names cannot be read from it") as log:
        for place, (begin, end) in (await log.extents(await log.partitions(wanted))).items():
            async for records in log.read(place, begin, end):
                for record in records:
                    note(found, record)
    return found


def note(found: dict[UUID, Named], record: Record) -> None:
    """Add the key that a record names, if it is the earliest that does. Whatever a reader would wait for is told."""
    key_id, since = key_id_in(record), _moment(record.timestamp_ms)
    if key_id is None:
        return
    if key_id in found and found[key_id].since <= since:
        return
    try:
        owner = sealed_for(record)
    except MunimentError:
        return  # a newer program's event, or damaged: nobody opens it
    if owner is not None:
        found[key_id] = Named(record.header("tenant") or "", owner, since, record.place)


def _moment(sent: int | None) -> datetime:
    try:
        return _UNKNOWN if sent is None else datetime.fromtimestamp(sent / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return _UNKNOWN


async def lost_of(pool: Any, named: Mapping[UUID, Named], destroyed: Destroyed) -> dict[UUID, Named]:
    """Those of the named that the key store has never heard of, once what the log says was destroyed has its tombstone.

    A key that was in use before its document was erased went with it, whatever became of the key store.

    Raises:
        StepFailure: `database_unavailable`.

    """
    async with database():
        known = {row["key_id"] for row in await pool.fetch(_KNOWN, list(named))}
    unknown = {key_id: one for key_id, one in named.items() if key_id not in known}
    erased = {key_id: one for key_id, one in unknown.items() if _erased(one, destroyed)}
    await bury(pool, erased)
    return {key_id: one for key_id, one in unknown.items() if key_id not in erased}


async def bury(pool: Any, gone: Mapping[UUID, Named]) -> None:
    """Note of keys that they are destroyed: what they sealed reads as redacted from now on, everywhere.

    Raises:
        StepFailure: `database_unavailable`.

    """
    # A header may hold what Postgres cannot: a tombstone is found by its key.
    rows = [(k, one.tenant.replace("\0", "\ufffd")[:_LONGEST], one.owner, one.since) for k, one in gone.items()]
    async with database():
        await pool.executemany(_BURY, rows)


async def wrapped_by(pool: Any, kek_id: str) -> tuple[int, int]:
    """How many data keys, and how many keys of tenants, only this key-encryption key opens.

    Raises:
        StepFailure: `database_unavailable`.

    """
    async with database():
        row = await pool.fetchrow(_WRAPPED, kek_id)
    return row["data"], row["tenants"]


async def bury_wrapped(pool: Any, kek_id: str) -> None:
    """As `bury`, of all that this key-encryption key has wrapped: it is gone for good.

    Raises:
        StepFailure: `database_unavailable`.

    """
    async with database(), pool.acquire() as connection, connection.transaction():
        await connection.execute(_BURY_WRAPPED, kek_id)
        await connection.execute(_FORGET_TENANTS, kek_id)


def _erased(one: Named, destroyed: Destroyed) -> bool:
    moment = destroyed.get((one.tenant, one.owner))
    return moment is not None and one.since <= moment
