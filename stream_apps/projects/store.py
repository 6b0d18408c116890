"""Inbox, state and outbox of the decider of projects: written in one Postgres transaction."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from muniment.producers.postgres import database
from muniment.schemas.record import Record
from muniment.stream_apps.decider_store import DeciderStore
from muniment.stream_apps.projects import stored
from muniment.stream_apps.projects.state import State

_SEEN = """
insert into muniment_projects.inbox (command_id, project_id, place) values ($1, $2, $3) on conflict do nothing
returning command_id"""
_MAKE = """
insert into muniment_projects.state (tenant, project_id, state, version) values ($1, $2, $3, 0)
on conflict do nothing"""
_LOAD = "select state from muniment_projects.state where tenant = $1 and project_id = $2 for update"
_DOCUMENTS = "select state -> 'documents' from muniment_projects.state where tenant = $1 and project_id = $2"
_SAVE = """
update muniment_projects.state set state = $3, version = version + 1 where tenant = $1 and project_id = $2"""
# Every worker looks there about once a second, whatever the job was about.
_STOP = """
insert into muniment_deciding.cancelled (job_id, tenant, document_id, version)
select j, $2, $3, 0 from unnest($1::uuid[]) as given(j) on conflict do nothing"""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a command led to: the state after it, the records to publish, and the jobs that no worker goes on with."""

    state: State
    records: list[Record]
    stopped: tuple[UUID, ...] = ()


Decide = Callable[[State], Decided]
"""Awaits nothing: it runs while the project is locked and a connection is held."""


class ProjectStore(DeciderStore):
    """The tables of `muniment_projects`. Every method raises `StepFailure(database_unavailable)`."""

    schema = "muniment_projects"

    async def once(
        self, command_id: UUID, tenant: str, project_id: UUID, place: str | None, decide: Decide
    ) -> list[Record]:
        """Run `decide` on the project's state unless this command, which lies at `place`, was decided before.

        Returns what is to be published for the command: all of it the first time; what of it has not been
        confirmed by then, on a redelivery.
        """

        async def first(connection: Any) -> bool:
            return bool(await connection.fetchval(_SEEN, command_id, project_id, place))

        async def decided(connection: Any) -> list[Record]:
            done = decide(await _locked(connection, tenant, project_id))
            await connection.execute(_SAVE, tenant, project_id, stored.to_json(done.state))
            if done.stopped:
                await connection.execute(_STOP, list(done.stopped), tenant, project_id)
            return done.records

        return await self._outbox.once(self._pool, command_id, place, first, decided)

    async def evolve(self, tenant: str, project_id: UUID, change: Callable[[State], State]) -> None:
        """Apply a fact to the project's state."""
        async with database(), self._pool.acquire() as connection, connection.transaction():
            state = await _locked(connection, tenant, project_id)
            after = change(state)
            if after != state:
                await connection.execute(_SAVE, tenant, project_id, stored.to_json(after))

    async def documents(self, tenant: str, project_id: UUID) -> frozenset[UUID]:
        """The documents that a project has by now; none where there is no such project."""
        async with database():
            found = await self._pool.fetchval(_DOCUMENTS, tenant, project_id)
        return frozenset(map(UUID, json.loads(found))) if found else frozenset()


async def _locked(connection: Any, tenant: str, project_id: UUID) -> State:
    row = await connection.fetchval(_LOAD, tenant, project_id)
    if row is None:
        await connection.execute(_MAKE, tenant, project_id, stored.to_json(State()))
        row = await connection.fetchval(_LOAD, tenant, project_id)
    return stored.from_json(row)
