"""Decides commands about embedding models, one at a time: inbox, state and outbox in one Postgres transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from muniment.producers.postgres import database
from muniment.schemas.codec import Envelope, encode
from muniment.schemas.embedding_models import SwitchEmbeddings
from muniment.schemas.event import Event
from muniment.schemas.operations import OperationRejected
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import origin_of
from muniment.stream_apps.decider_step import waited_for
from muniment.stream_apps.operating.models import Against, Known, ModelCommand, after, decide_model
from muniment.stream_apps.outbox import Outbox

Gaps = Callable[[str], Awaitable[int]]
"""How many batches a switch to a model waits for; raises `StepFailure(database_unavailable)`."""
_ONE = "select pg_advisory_xact_lock(hashtextextended('muniment.operating', 0))"
_SEEN = """
insert into muniment_operating.inbox (command_id, place) values ($1, $2) on conflict do nothing returning command_id"""
_STATES = "select model, state from muniment_operating.embedding_models order by model"
_LIVE = "select model from muniment_operating.live_model"
_SAVE = """
insert into muniment_operating.embedding_models (model, state) values ($1, $2)
on conflict (model) do update set state = excluded.state"""
_SAVE_LIVE = """
insert into muniment_operating.live_model (model) values ($1) on conflict (one) do update set model = excluded.model"""


class ModelDecisions:
    """Decisions on commands about models.

    Attributes:
        first: The name of the settings' model.

    """

    def __init__(self, pool: Any, gaps: Gaps, first: str, now: Callable[[], datetime]) -> None:
        self._pool = pool
        self._missing = gaps
        self.first = first
        self._now = now
        self._outbox = Outbox("muniment_operating")

    async def once(self, envelope: Envelope, step: str) -> list[Record]:
        """What is to be published for a command of operators; on a redelivery, what of it was not confirmed by then.

        Raises:
            StepFailure: `database_unavailable`.

        """
        command, command_id = envelope.event, envelope.meta.event_id
        assert isinstance(command, ModelCommand)
        gaps = await self._gaps(command)
        place = waited_for(envelope.record)

        async def first(connection: Any) -> bool:
            return bool(await connection.fetchval(_SEEN, command_id, place))

        async def decided(connection: Any) -> list[Record]:
            await connection.execute(_ONE)
            known = await self._known(connection)
            event = _decided(command, known, gaps)
            await _save(connection, known, after(known, event))
            return [self._record(envelope, event, step)]

        return await self._outbox.once(self._pool, command_id, place, first, decided)

    async def _gaps(self, command: ModelCommand) -> int:
        # Before the transaction, in which nothing else may be waited for.
        if not isinstance(command, SwitchEmbeddings):
            return 0
        async with database():
            known = await self._known(self._pool)
        return await self._missing(known.named(command.model))

    async def _known(self, connection: Any) -> Known:
        states = {row["model"]: row["state"] for row in await connection.fetch(_STATES)}
        return Known(self.first, states, await connection.fetchval(_LIVE) or "")

    def _record(self, envelope: Envelope, event: Event, step: str) -> Record:
        caused = envelope.meta.caused(step=step, event_type=event.declaration.name, index=0, now=self._now())
        place = envelope.record
        known = place.partition is not None and place.offset is not None
        return encode(event, replace(caused, command_position=str(origin_of(place)) if known else ""), None)


def _decided(command: ModelCommand, known: Known, gaps: int) -> Event:
    try:
        return decide_model(command, known, gaps)
    except Against as objection:
        name, about = command.declaration.name, command.key
        return OperationRejected(command=name, about=about, code=objection.code, reason=objection.reason)


async def _save(connection: Any, before: Known, now: Known) -> None:
    for model, state in now.states.items():
        if before.states.get(model) != state:
            await connection.execute(_SAVE, model, state)
    if now.live != before.live:
        await connection.execute(_SAVE_LIVE, now.live)
