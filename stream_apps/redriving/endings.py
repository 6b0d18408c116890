"""How redriven records end: noted for the canary, and against what fails in the same way again and again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.producers.postgres import database
from muniment.schemas.operations import DeadLetterQuarantined
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import REDRIVE_ID, REDRIVE_LETTER, redrive_times, retry_state
from muniment.stream_apps.redriving import announcing
from muniment.stream_apps.redriving.announcing import Cause
from muniment.stream_apps.redriving.expiry import NOT_YET

QUARANTINE_AFTER = 3
"""So often may a redriven letter fail again in the same way."""
_ENDED = """
update muniment_operating.letters set ended_as = $3 where letter = $1 and redrive_id = $2 and ended_as is null
returning tenant, step, fingerprint, document_id, job_id, same"""
_REDRIVE = "select tenant, actor, traceparent from muniment_operating.redrives where redrive_id = $1"
_NUMBER = "select number from muniment_operating.letters where letter = $1"
_FIRST = "select letter from read.dead_letters where redrive_id = $1 and redrive_letter = $2 order by letter limit 1"
_AGAIN = """
insert into muniment_operating.letters
    (letter, tenant, step, fingerprint, document_id, job_id, times, same, state)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (letter) do update set same = excluded.same,
    state = case when letters.state = 'waiting' then excluded.state else letters.state end
returning state"""


class RedriveEndings:
    """See `stream_apps.hosting.ports.Redriven`."""

    def __init__(self, pool: Any, now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._now = now

    async def ended(self, record: Record, outcome: str) -> None:
        """Note how a redriven record has ended; a repeat, or a record of no redrive of ours, changes nothing."""
        try:
            # Foreign records may say anything here: what cannot be a letter's name would be refused by the database.
            letter = str(Position.parse(record.header(REDRIVE_LETTER) or ""))
            redrive_id = UUID(record.header(REDRIVE_ID) or "")
        except ValueError:
            return
        async with database(), self._pool.acquire() as connection, connection.transaction():
            before = await connection.fetchrow(_ENDED, letter, redrive_id, outcome)
            if before is not None and outcome == "dead":
                await self._failed_again(connection, record, redrive_id, before)

    async def _failed_again(self, connection: Any, record: Record, redrive_id: UUID, before: Any) -> None:
        """The record is a dead letter once more, under a new name; what it has behind it goes with it."""
        state = retry_state(record)
        fingerprint = state.fingerprint if state else ""
        same = before["same"] + 1 if fingerprint == before["fingerprint"] else 0
        letter = await _named(connection, record, redrive_id)
        stands = await connection.fetchval(
            _AGAIN,
            letter,
            before["tenant"],
            before["step"],
            fingerprint,
            before["document_id"],
            before["job_id"],
            redrive_times(record),
            same,
            "quarantined" if same >= QUARANTINE_AFTER else "waiting",
        )
        if stands == "quarantined":
            cause = Cause(redrive_id, *await connection.fetchrow(_REDRIVE, redrive_id))
            event = DeadLetterQuarantined(letter=letter, fingerprint=fingerprint, times=same)
            index = await connection.fetchval(_NUMBER, record.header(REDRIVE_LETTER))
            await announcing.put(connection, cause, [(event, index)], self._now())


async def _named(connection: Any, record: Record, redrive_id: UUID) -> str:
    """The letter's name: its place, or the one that it has in the read model.

    They differ when whoever buried it died before saying so here, and it was buried once more.
    """
    try:
        async with connection.transaction():
            known = await connection.fetchval(_FIRST, redrive_id, record.header(REDRIVE_LETTER))
    except NOT_YET:
        known = None
    return known or str(Position(record.topic, record.partition or 0, record.offset or 0))
