"""How far redrives have come: written before and after every send, so that whoever goes on knows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.producers.postgres import database
from muniment.schemas.event import Event
from muniment.schemas.operations import DeadLetterRedriven, RedriveEnded
from muniment.stream_apps.redriving import announcing
from muniment.stream_apps.redriving.announcing import Cause
from muniment.stream_apps.redriving.redelivery import Leaving

PASSED = ("done", "cancelled")
"""How a canary ends that says nothing against the others: its work was done, or nobody wants it any more."""
_RUNNING = """
select redrive_id, tenant, actor, traceparent, rate, canaries, letters from muniment_operating.redrives
where state = 'running' order by started_at, redrive_id"""
_LOCK = "select state from muniment_operating.redrives where redrive_id = $1 for no key update"
_COLUMNS = "redrive_id, number, letter, step, document_id, job_id, times + 1 as times, edited, edited_key"
_CLAIM = f"""
update muniment_operating.letters set state = 'sending', sending_at = now()
where redrive_id = $1 and state = 'claimed' and number in (
    select number from muniment_operating.letters
    where redrive_id = $1 and state = 'claimed' and number < $2 order by number limit $3)
returning {_COLUMNS}"""  # noqa: S608 - the columns are of this module
_UNSURE = f"""
select {_COLUMNS}, sending_at, ended_as from muniment_operating.letters where state = 'sending'
order by sending_at, number limit 1000"""  # noqa: S608 - the columns are of this module
_MARK = """
update muniment_operating.letters set state = 'redriven', sent_at = now()
where letter = any($1) and state = 'sending' returning letter"""
_PUT_BACK = """
update muniment_operating.letters set state = 'waiting', redrive_id = null, number = null
where letter = any($1) and state = 'sending' returning letter, fingerprint"""
_LOCK_CANARIES = "select canaries from muniment_operating.redrives where redrive_id = $1 for no key update"
_IN_ITS_PLACE = """
update muniment_operating.letters set number = $3 where letter = (
    select letter from muniment_operating.letters
    where redrive_id = $1 and state = 'claimed' and fingerprint = $2 and number >= $4 order by number limit 1)"""
_REDRIVE = "select tenant, actor, traceparent from muniment_operating.redrives where redrive_id = $1"
_PROGRESS = """
select
    count(*) filter (where number < $2 and state = 'claimed') as canaries_left,
    count(*) filter (where number < $2 and state in ('sending', 'redriven') and ended_as is null) as canaries_out,
    array_agg(letter || ' (' || ended_as || ')' order by number)
        filter (where number < $2 and ended_as <> all($3)) as canaries_failed,
    array_agg(letter order by number) filter (where number < $2 and state = 'redriven' and ended_as is null
        and sent_at < now() - make_interval(secs => $4)) as canaries_late,
    count(*) filter (where state = 'claimed') as left,
    count(*) filter (where state in ('sending', 'redriven')) as redriven
from muniment_operating.letters where redrive_id = $1"""
_END = "update muniment_operating.redrives set state = $2, ended_at = $3 where redrive_id = $1"
_RELEASE = """
update muniment_operating.letters set state = 'waiting', redrive_id = null, number = null
where redrive_id = $1 and state = 'claimed'"""


@dataclass(frozen=True, slots=True)
class Running:
    """A redrive under way of so many letters. `canaries` of them, those with the lowest numbers, go first."""

    redrive_id: UUID
    tenant: str
    actor: str
    traceparent: str
    rate: float
    canaries: int
    letters: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a redrive has come, in letters.

    `canaries_failed` names those that did not pass, and how they ended; `canaries_late` those that have not ended in
    their time.
    """

    canaries_left: int
    canaries_out: int
    canaries_failed: tuple[str, ...]
    canaries_late: tuple[str, ...]
    left: int
    redriven: int


@dataclass(frozen=True, slots=True)
class Unsure:
    """A letter whose record may or may not have gone out since `since`; `ended` when somebody has settled it."""

    leaving: Leaving
    since: datetime
    ended: bool


class RedrivingStore:
    """The tables of `muniment_operating` that redriving changes. A canary has `canary_s` to end in (seconds)."""

    def __init__(self, pool: Any, now: Callable[[], datetime], *, canary_s: float = 24 * 3600.0) -> None:
        self._pool = pool
        self._now = now
        self.canary_s = canary_s

    async def running(self) -> list[Running]:
        """The redrives under way, the oldest first."""
        async with database():
            return [Running(*row) for row in await self._pool.fetch(_RUNNING)]

    async def progress(self, redrive: Running) -> Progress:
        """How far it has come."""
        async with database():
            row = await self._progress(self._pool, redrive)
        failed, late = tuple(row["canaries_failed"] or ()), tuple(row["canaries_late"] or ())
        return Progress(row["canaries_left"], row["canaries_out"], failed, late, row["left"], row["redriven"])

    async def claim(self, redrive: Running, *, below: int, most: int) -> list[Leaving]:
        """Take the next letters with numbers below `below`, at most so many; none once the redrive has ended."""
        async with database(), self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_LOCK, redrive.redrive_id) != "running":
                return []
            rows = await connection.fetch(_CLAIM, redrive.redrive_id, below, most)
        return sorted((Leaving(*row) for row in rows), key=lambda one: one.number)

    async def unsure(self) -> list[Unsure]:
        """Letters that somebody took, and did not live to mark as sent."""
        async with database():
            rows = await self._pool.fetch(_UNSURE)
        return [Unsure(Leaving(*tuple(row)[:-2]), row["sending_at"], row["ended_as"] is not None) for row in rows]

    async def mark(self, redrive_id: UUID, sent: Sequence[Leaving]) -> None:
        """These are on their redelivery topics."""
        by_letter = {one.letter: one for one in sent}

        def told(one: Leaving) -> tuple[Event, int]:
            event = DeadLetterRedriven(
                redrive_id=redrive_id,
                letter=one.letter,
                document_id=one.document_id,
                job_id=one.job_id,
                times=one.times,
            )
            return event, one.number

        async with database(), self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_MARK, list(by_letter))
            events = sorted((told(by_letter[row["letter"]]) for row in rows), key=lambda pair: pair[1])
            await announcing.put(connection, await _cause(connection, redrive_id), events, self._now())

    async def put_back(self, redrive_id: UUID, letters: Sequence[Leaving]) -> None:
        """These of a redrive cannot go out: they stay where they were.

        In a canary's place the next letter of its fingerprint goes ahead, so that no others go out untried.
        """
        async with database(), self._pool.acquire() as connection, connection.transaction():
            # Locked, as whoever stops a redrive does: a letter that is free again has no number.
            canaries = await connection.fetchval(_LOCK_CANARIES, redrive_id)
            rows = await connection.fetch(_PUT_BACK, [one.letter for one in letters])
            fingerprints = {row["letter"]: row["fingerprint"] for row in rows}
            for one in letters:
                if one.number < canaries and one.letter in fingerprints:
                    about = redrive_id, fingerprints[one.letter], one.number, canaries
                    await connection.execute(_IN_ITS_PLACE, *about)

    async def end(self, redrive: Running, outcome: str, reason: str) -> None:
        """The redrive is over, unless it was before; what it has not touched may be taken again."""
        async with database(), self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_LOCK, redrive.redrive_id) != "running":
                return
            row = await self._progress(connection, redrive)
            now = self._now()
            await connection.execute(_END, redrive.redrive_id, outcome, now)
            await connection.execute(_RELEASE, redrive.redrive_id)
            event = RedriveEnded(
                redrive_id=redrive.redrive_id,
                outcome=outcome,
                redriven=row["redriven"],
                left=row["left"],
                reason=reason,
            )
            await announcing.put(connection, await _cause(connection, redrive.redrive_id), [(event, 0)], now)

    async def _progress(self, connection: Any, redrive: Running) -> Any:
        about = redrive.redrive_id, redrive.canaries, list(PASSED), self.canary_s
        return await connection.fetchrow(_PROGRESS, *about)


async def _cause(connection: Any, redrive_id: UUID) -> Cause:
    return Cause(redrive_id, *await connection.fetchrow(_REDRIVE, redrive_id))
