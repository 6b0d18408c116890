"""Inbox, state and outbox of the decider of operations: written in one Postgres transaction, one at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.schemas.operations import RedriveStarted
from muniment.schemas.record import Record
from muniment.schemas.resting import RESTING
from muniment.stream_apps.decider_store import DeciderStore
from muniment.stream_apps.operating.state import RUNNING, Letter, Redrive, Standing, State

# Whatever is decided about letters is decided by one at a time, also while two processes hold the same partition.
_ONE = "select pg_advisory_xact_lock(hashtextextended('muniment.operating', 0))"
_SEEN = """
insert into muniment_operating.inbox (command_id, place) values ($1, $2) on conflict do nothing returning command_id"""
_LETTERS = """
select letter, state, redrive_id, number from muniment_operating.letters where letter = any($1)
order by letter for update"""
_REDRIVES = """
select r.redrive_id, r.tenant, r.state,
    count(*) filter (where l.state in ('sending', 'redriven')) as redriven,
    count(*) filter (where l.state = 'claimed') as left
from muniment_operating.redrives r left join muniment_operating.letters l using (redrive_id)
where r.redrive_id = any($1) or (r.tenant = $2 and r.state = 'running') group by r.redrive_id"""
_LOCK_REDRIVES = (
    "select 1 from muniment_operating.redrives where state = 'running' order by redrive_id for no key update"
)
# Decided under the same lock: a redrive comes before a pause or a drop, or after it.
_RESTING = "select model, state from muniment_operating.embedding_models where state = any($1)"
_START = """
insert into muniment_operating.redrives
    (redrive_id, tenant, actor, traceparent, rate, canaries, letters, state, reason, started_at)
values ($1, $2, $3, $4, $5, $6, $7, 'running', $8, $9)"""
_END = "update muniment_operating.redrives set state = $2, ended_at = $3 where redrive_id = $1"
_RELEASE = """
update muniment_operating.letters set state = 'waiting', redrive_id = null, number = null
where redrive_id = $1 and state = 'claimed'"""
_SAVE = """
insert into muniment_operating.letters
    (letter, tenant, step, fingerprint, document_id, job_id, times, state, redrive_id, number)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::int[], $8::text[],
    $9::uuid[], $10::int[])
on conflict (letter) do update
set state = excluded.state, redrive_id = excluded.redrive_id, number = excluded.number"""
_EDITED = "update muniment_operating.letters set edited = $2, edited_key = $3, same = 0 where letter = $1"


@dataclass(frozen=True, slots=True)
class Edited:
    """What is to be sent in place of a letter's value, and the data key that its personal fields need."""

    letter: str
    value: bytes
    key_id: UUID | None


@dataclass(frozen=True, slots=True)
class Started:
    """A redrive that a decision starts, with what carrying it out takes."""

    event: RedriveStarted
    tenant: str
    actor: str
    traceparent: str
    canaries: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """What a command led to. `letters` are those that `after` says something new of."""

    after: State
    records: Sequence[Record]
    at: datetime
    started: Started | None = None
    edited: Edited | None = None


@dataclass(frozen=True, slots=True)
class About:
    """What a command is about: the letters it names or selects, and the redrive."""

    tenant: str
    letters: Mapping[str, Letter] = field(default_factory=dict)
    redrive_id: UUID | None = None


Decide = Callable[[State], Decided]
"""Awaits nothing: it runs while everybody else waits."""


class OperatingStore(DeciderStore):
    """The tables of `muniment_operating` that commands change."""

    schema = "muniment_operating"

    async def once(self, command_id: UUID, place: str | None, about: About, decide: Decide) -> list[Record]:
        """Run `decide` unless this command, which lies at `place`, was decided before.

        Returns what is to be published for the command: all of it the first time; what of it has not been
        confirmed by then, on a redelivery.
        """

        async def first(connection: Any) -> bool:
            return bool(await connection.fetchval(_SEEN, command_id, place))

        async def decided(connection: Any) -> Sequence[Record]:
            await connection.execute(_ONE)
            before = await _load(connection, about)
            done = decide(before)
            await _save(connection, about, before, done)
            return done.records

        return await self._outbox.once(self._pool, command_id, place, first, decided)


async def _load(connection: Any, about: About) -> State:
    # Redrives before letters, as whoever carries them out does: else the two could wait for each other.
    await connection.execute(_LOCK_REDRIVES)
    letters = {
        row["letter"]: Standing(row["state"], row["redrive_id"], row["number"])
        for row in await connection.fetch(_LETTERS, list(about.letters))
    }
    wanted = [about.redrive_id] if about.redrive_id else []
    redrives = {
        row["redrive_id"]: Redrive(row["tenant"], row["state"], row["redriven"], row["left"])
        for row in await connection.fetch(_REDRIVES, wanted, about.tenant)
    }
    resting = {row["model"]: row["state"] for row in await connection.fetch(_RESTING, list(RESTING))}
    return State(letters, redrives, resting)


async def _save(connection: Any, about: About, before: State, decided: Decided) -> None:
    if decided.started is not None:
        event, one = decided.started.event, decided.started
        await connection.execute(
            _START,
            event.redrive_id,
            one.tenant,
            one.actor,
            one.traceparent,
            event.rate,
            one.canaries,
            len(event.letters),
            event.reason,
            one.at,
        )
    for redrive_id, redrive in decided.after.redrives.items():
        if redrive.state != RUNNING and before.redrives[redrive_id].state == RUNNING:
            await connection.execute(_END, redrive_id, redrive.state, decided.at)
            await connection.execute(_RELEASE, redrive_id)
    changed = {name: new for name, new in decided.after.letters.items() if before.letters.get(name) != new}
    if changed:
        told = [(about.letters[name], new) for name, new in changed.items()]
        rows = [(*_what(letter), new.state, new.redrive_id, new.number) for letter, new in told]
        await connection.execute(_SAVE, *(list(column) for column in zip(*rows, strict=True)))
    if decided.edited is not None:
        await connection.execute(_EDITED, decided.edited.letter, decided.edited.value, decided.edited.key_id)


def _what(letter: Letter) -> tuple[Any, ...]:
    return (
        letter.letter,
        letter.tenant,
        letter.step,
        letter.fingerprint,
        letter.document_id,
        letter.job_id,
        letter.times,
    )
