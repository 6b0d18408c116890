"""Inbox, state and outbox of the deciders: written in one Postgres transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from muniment.producers.erasing_fence import is_lost
from muniment.producers.postgres import database
from muniment.schemas.record import Record
from muniment.stream_apps.decider_store import DeciderStore
from muniment.stream_apps.deciding import stored
from muniment.stream_apps.deciding.state import Standing, State, initial_state

_SEEN = """
insert into muniment_deciding.inbox (command_id, document_id, decided_at, place) values ($1, $2, now(), $3)
on conflict do nothing returning command_id"""
_MAKE = """
insert into muniment_deciding.state (tenant, document_id, state, version) values ($1, $2, $3, 0)
on conflict do nothing"""
_LOAD = "select state from muniment_deciding.state where tenant = $1 and document_id = $2 for update"
# Both in one round trip; no row when another transaction has made it since this statement began.
_MAKE_OR_LOAD = f"""
with made as ({_MAKE} returning state), held as ({_LOAD})
select state from made union all select state from held"""  # noqa: S608 - constants of this file
_SAVE = """
update muniment_deciding.state set state = $3, version = version + 1 where tenant = $1 and document_id = $2"""
_DELETED = """
select coalesce((state ->> 'deleted')::bigint, 0) from muniment_deciding.state
where tenant = $1 and document_id = $2"""

_STANDING = "select document_id, ending from muniment_deciding.inbox where command_id = $1 for update"
_CANCEL = "update muniment_deciding.inbox set ending = 'cancelled' where command_id = $1"
_CANCELLED = """
insert into muniment_deciding.cancelled (job_id, tenant, document_id, version) values ($1, $2, $3, $4)
on conflict do nothing"""
_IS_CANCELLED = """
select exists (
    select from muniment_deciding.cancelled where tenant = $1 and document_id = $2 and version = $3
)"""
# Ends the work of an erased document: none of it is announced, and every worker drops it.
_END = "update muniment_deciding.inbox set ending = 'cancelled' where command_id = any($1) and ending is null"
_ENDED = """
insert into muniment_deciding.cancelled (job_id, tenant, document_id, version)
select j, $2, $3, 0 from unnest($1::uuid[]) as given(j) on conflict do nothing"""
# Waits for a cancellation that is being decided, and then sees what it says.
_ANNOUNCE = """
update muniment_deciding.inbox set ending = coalesce(ending, 'indexed') where command_id = $1 returning ending"""

_INITIAL = stored.to_json(initial_state())


@dataclass(frozen=True, slots=True)
class Cancellation:
    """The job that a decision cancels, and the version that it was bringing (0: none yet)."""

    job_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Decided:
    """What a command led to: the state after it, the records to publish, what it cancels, and the jobs it ends."""

    state: State
    records: list[Record]
    cancels: Cancellation | None = None
    ends: tuple[UUID, ...] = ()


Decide = Callable[[State, Standing], Decided]
"""Awaits nothing: it runs while the document's row is locked and a connection is held."""


class DecidingStore(DeciderStore):
    """The deciders' own tables."""

    schema = "muniment_deciding"

    async def once(
        self,
        command_id: UUID,
        tenant: str,
        document_id: UUID,
        decide: Decide,
        *,
        place: str | None,
        about: UUID | None = None,
        brings: bool = False,
        key_id: UUID | None = None,
    ) -> list[Record]:
        """Run `decide` on the document's state unless this command was decided before.

        `place` is where it lies, as readers wait for it. `about` names the job that the command is about; how that
        stands is told, and stays so until it is decided. What `brings` content, sealed under `key_id`, is told to be
        lost when an erasure takes that key.

        Returns what is to be published for the command: all of it the first time; what of it has not been
        confirmed by then, on a redelivery.
        """

        async def first(connection: Any) -> bool:
            return bool(await connection.fetchval(_SEEN, command_id, document_id, place))

        async def decided(connection: Any) -> list[Record]:
            state = await self._locked(connection, tenant, document_id)
            standing = await _standing(connection, about, document_id)
            # With the document locked: an erasure that was decided before this is seen.
            if brings and await is_lost(connection, tenant, document_id, key_id):
                standing = Standing.LOST
            done = decide(state, standing)
            await connection.execute(_SAVE, tenant, document_id, stored.to_json(done.state))
            if done.cancels:
                job_id, version = done.cancels.job_id, done.cancels.version
                await connection.execute(_CANCEL, job_id)
                await connection.execute(_CANCELLED, job_id, tenant, document_id, version)
            if done.ends:
                await connection.execute(_END, list(done.ends))
                await connection.execute(_ENDED, list(done.ends), tenant, document_id)
            return done.records

        return await self._outbox.once(self._pool, command_id, place, first, decided)

    async def evolve(self, tenant: str, document_id: UUID, change: Callable[[State], State]) -> None:
        """Apply a fact to the document's state."""
        async with database(), self._pool.acquire() as connection, connection.transaction():
            state = await self._locked(connection, tenant, document_id)
            after = change(state)
            if after != state:
                await connection.execute(_SAVE, tenant, document_id, stored.to_json(after))

    async def deleted_up_to(self, tenant: str, document_id: UUID) -> int:
        """The version up to which the document is deleted; 0 when it never was."""
        async with database():
            return int(await self._pool.fetchval(_DELETED, tenant, document_id) or 0)

    async def cancelled(self, tenant: str, document_id: UUID, version: int) -> bool:
        """Whether this version was cancelled."""
        async with database():
            return bool(await self._pool.fetchval(_IS_CANCELLED, tenant, document_id, version))

    async def announce(self, job_id: UUID) -> bool:
        """Whether the whole version of a job may be announced: not once the job is cancelled, and for ever after yes.

        From here on the job cannot be cancelled any more.
        """
        async with database():
            return bool(await self._pool.fetchval(_ANNOUNCE, job_id) != "cancelled")

    async def _locked(self, connection: Any, tenant: str, document_id: UUID) -> State:
        row = await connection.fetchval(_MAKE_OR_LOAD, tenant, document_id, _INITIAL)
        return stored.from_json(row or await connection.fetchval(_LOAD, tenant, document_id))


async def _standing(connection: Any, job_id: UUID | None, document_id: UUID) -> Standing:
    row = await connection.fetchrow(_STANDING, job_id) if job_id else None
    if row is None:
        return Standing.UNKNOWN
    if row["document_id"] != document_id:
        return Standing.ELSEWHERE
    return Standing.INDEXED if row["ending"] == "indexed" else Standing.DECIDED
