"""The tables of `muniment_erasing`: inbox, outbox, and how far each erasure is."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.producers import key_owners
from muniment.producers.postgres import database
from muniment.schemas.erasures import ErasureConfirmed, ErasureRejected, ErasureRequested
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.stream_apps.decider_store import DeciderStore
from muniment.stream_apps.erasing.decider import Decision, Erasure

FIRST_STAGE = "finding"
_SEEN = """
insert into muniment_erasing.inbox (command_id, place) values ($1, $2) on conflict do nothing returning command_id"""
_LOAD = """
select tenant, requested_by, confirmations, state from muniment_erasing.erasures where erasure_id = $1 for update"""
_ADD = """
insert into muniment_erasing.erasures (erasure_id, tenant, state, subject, document_ids, reason, origin, confirmations,
    requested_by, requested_at, traceparent)
values ($1, $2, 'requested', $3, $4, $5, $6, $7, $8, $9, $10)"""
_DECIDED = """
update muniment_erasing.erasures set state = $2, stage = $3, decided_by = $4, decided_at = $5 where erasure_id = $1"""
# Twenty of each stage: those that wait for a store or a read model keep no later one from having its keys destroyed.
# Of retention twenty more: it waits for read models before it begins, and nobody's own request waits for that.
_UNDER_WAY = """
select * from (
    select *, row_number() over (partition by stage, origin = 'retention' order by decided_at, erasure_id) as place
    from muniment_erasing.erasures where state = 'confirmed'
) e where place <= 20 order by decided_at, erasure_id"""
_FOUND = """
update muniment_erasing.erasures set documents = $2, held = $3, stage = $4, moved_at = $5
where erasure_id = $1 and stage = $6 and moved_at is not distinct from $7 returning erasure_id"""
_MOVED = "update muniment_erasing.erasures set stage = $2, moved_at = $3 where erasure_id = $1"
_TOLD = """
update muniment_erasing.erasures set stage = 'ending', moved_at = $2, told_at = now() where erasure_id = $1"""
_ALL_DECIDED = """
update muniment_erasing.erasures set ends = $2, stage = 'destroying', moved_at = $3 where erasure_id = $1"""
_KEYS = "update muniment_erasing.erasures set keys = $2, stage = 'waiting', moved_at = $3 where erasure_id = $1"
_ENDS = "update muniment_erasing.erasures set ends = $2, moved_at = $3 where erasure_id = $1"
_REPORT = """
insert into muniment_erasing.reports (erasure_id, store, removed, kept, note, reported_at)
values ($1, $2, $3, $4, $5, $6) on conflict do nothing"""
_REPORTS = "select * from muniment_erasing.reports where erasure_id = $1 order by number"
_COMPLETED = """
update muniment_erasing.erasures set state = 'completed', stage = null, completed_at = $2 where erasure_id = $1"""
# Decided, and what was decided is on the log.
_LEFT = """
select count(*) from unnest($1::uuid[]) as asked(command_id)
where not exists (select from muniment_deciding.inbox i where i.command_id = asked.command_id)
    or exists (select from muniment_deciding.outbox o where o.command_id = asked.command_id)"""
_DESTROYED = """
select count(*), max(destroyed_at) from muniment_keys.data_keys
where tenant = $1 and document_id = any($2) and destroyed_at >= $3"""


@dataclass(frozen=True, slots=True)
class Report:
    """What one store removed; `kept` is what another document shares."""

    store: str
    removed: int
    kept: int
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A confirmed erasure, and how far it is.

    `ends`: of `muniment.documents`, once all was decided; `None` before, and when an older program took it so far.
    """

    erasure_id: UUID
    tenant: str
    stage: str
    subject: str | None
    document_ids: tuple[UUID, ...]
    reason: str
    origin: str
    requested_by: str
    requested_at: datetime
    decided_by: str
    decided_at: datetime
    traceparent: str
    documents: tuple[UUID, ...]
    keys: int
    moved_at: datetime | None
    told_at: datetime | None
    ends: Mapping[int, int] | None = None
    held: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a command led to: the decisions, and the records that say so."""

    events: Sequence[Decision]
    records: Sequence[Record]


class ErasingStore(DeciderStore):
    """See the module. Every method raises `StepFailure(database_unavailable)`."""

    schema = "muniment_erasing"

    async def once(
        self, meta: Metadata, erasure_id: UUID, place: str | None, decide: Callable[[Erasure | None], Decided]
    ) -> list[Record]:
        """Run `decide` unless this command, which lies at `place`, was decided before; what is to be published."""

        async def first(connection: Any) -> bool:
            return bool(await connection.fetchval(_SEEN, meta.event_id, place))

        async def decided(connection: Any) -> Sequence[Record]:
            row = await connection.fetchrow(_LOAD, erasure_id)
            done = decide(Erasure(**dict(row)) if row else None)
            for event in done.events:
                await _keep(connection, event, meta)
            return done.records

        return await self._outbox.once(self._pool, meta.event_id, place, first, decided)

    async def under_way(self) -> list[UnderWay]:
        """Confirmed erasures that are not completed, the oldest first."""
        async with database():
            rows = await self._pool.fetch(_UNDER_WAY)
        return [_under_way(row) for row in rows]

    async def no_documents(self, tenant: str, ids: Collection[UUID]) -> Collection[UUID]:
        """Those of the ids that belong to projects or drafts: only their keys would go, and not what they say."""
        return (await key_owners.no_documents(self._pool, tenant, ids)).keys()

    async def found(
        self, erasure: UnderWay, documents: Sequence[UUID], held: Mapping[str, int], then: str, now: datetime
    ) -> bool:
        """These are the documents, this is what each store holds of them, and `then` is the stage that begins.

        False, and nothing is done, where the erasure was moved since it was read: one who lost the lead meanwhile
        judged behind a fence that may have been down since.
        """
        what = list(documents), json.dumps(dict(held)), then, now
        async with database():
            moved = await self._pool.fetchval(_FOUND, erasure.erasure_id, *what, erasure.stage, erasure.moved_at)
        return moved is not None

    async def told(self, erasure_id: UUID, now: datetime) -> None:
        """A command for each document is on the log; `told_at` is the database's time."""
        await self._run(_TOLD, erasure_id, now)

    async def decided(self, erasure_id: UUID, ends: Mapping[int, int], now: datetime) -> None:
        """What was decided on each of them lies on `muniment.documents`, before these ends."""
        await self._run(_ALL_DECIDED, erasure_id, _written(ends), now)

    async def ends(self, erasure_id: UUID, ends: Mapping[int, int], now: datetime) -> None:
        """As `decided`, of one that has come further already: it goes on waiting where it is."""
        await self._run(_ENDS, erasure_id, _written(ends), now)

    async def moved(self, erasure_id: UUID, stage: str, now: datetime) -> None:
        """The next stage begins."""
        await self._run(_MOVED, erasure_id, stage, now)

    async def destroyed(self, erasure_id: UUID, keys: int, now: datetime) -> None:
        """So many keys are gone."""
        await self._run(_KEYS, erasure_id, keys, now)

    async def undecided(self, command_ids: Sequence[UUID]) -> int:
        """How many of these commands are not decided, or their decision not on the log."""
        async with database():
            return int(await self._pool.fetchval(_LEFT, list(command_ids)))

    async def keys_destroyed(
        self, tenant: str, documents: Sequence[UUID], since: datetime
    ) -> tuple[int, datetime | None]:
        """How many keys of these documents were destroyed since then, and when the last (the database's time)."""
        async with database():
            count, last = await self._pool.fetchrow(_DESTROYED, tenant, list(documents), since)
        return int(count), last

    async def report(self, erasure_id: UUID, one: Report) -> None:
        """Keep what a store said; the first word counts."""
        await self._run(_REPORT, erasure_id, one.store, one.removed, one.kept, one.note, one.at)

    async def reports(self, erasure_id: UUID) -> list[Report]:
        """What the stores have said so far."""
        async with database():
            rows = await self._pool.fetch(_REPORTS, erasure_id)
        return [Report(r["store"], r["removed"], r["kept"], r["note"], r["reported_at"]) for r in rows]

    async def completed(self, erasure_id: UUID, now: datetime) -> None:
        """It is over."""
        await self._run(_COMPLETED, erasure_id, now)

    async def _run(self, sql: str, *values: object) -> None:
        async with database():
            await self._pool.execute(sql, *values)


async def _keep(connection: Any, event: Decision, meta: Metadata) -> None:
    match event:
        case ErasureRequested():
            about = event.subject, list(event.document_ids), event.reason, event.origin, event.confirmations
            await connection.execute(
                _ADD, event.erasure_id, meta.tenant, *about, meta.actor, meta.time, meta.traceparent
            )
        case ErasureConfirmed():
            await connection.execute(_DECIDED, event.erasure_id, "confirmed", FIRST_STAGE, meta.actor, meta.time)
        case ErasureRejected():
            await connection.execute(_DECIDED, event.erasure_id, "rejected", None, meta.actor, meta.time)


def _written(ends: Mapping[int, int]) -> str:
    return json.dumps({str(partition): end for partition, end in ends.items()})


def _under_way(row: Any) -> UnderWay:
    names = [n for n in UnderWay.__dataclass_fields__ if n not in {"document_ids", "documents", "ends", "held"}]
    return UnderWay(
        **{name: row[name] for name in names},
        document_ids=tuple(row["document_ids"]),
        documents=tuple(row["documents"]),
        ends={int(p): int(o) for p, o in json.loads(row["ends"]).items()} if row["ends"] else None,
        held=json.loads(row["held"]),
    )
