"""An outbox: records that were decided in a transaction and are to be published for certain, in their order."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from muniment.producers.postgres import database
from muniment.schemas.record import Record


class Outbox:
    """The table `outbox` of a schema; what is put into it is put with everything else of its transaction."""

    def __init__(self, schema: str) -> None:
        table = f"{schema}.outbox"  # of this program's own choosing
        self._repeated = (
            "insert into muniment_deciding.repeats (place, decided)"  # noqa: S608
            f" select $2, place from {schema}.inbox where command_id = $1 and place <> $2 on conflict do nothing"
        )
        self._put = (
            f"insert into {table} (command_id, position, topic, key, value, headers)"  # noqa: S608
            " values ($1, $2, $3, $4, $5, $6)"
        )
        self._waiting = f"select topic, key, value, headers from {table} where command_id = $1 order by position"  # noqa: S608
        self._sent = f"delete from {table} where command_id = $1"  # noqa: S608

    async def once(
        self,
        pool: Any,
        command_id: UUID,
        place: str | None,
        first: Callable[[Any], Awaitable[bool]],
        decided: Callable[[Any], Awaitable[Sequence[Record]]],
    ) -> list[Record]:
        """Decide a command in one transaction with its inbox and outbox, unless that was done before.

        Nothing follows a repeat of a command that lies elsewhere on the log; where the command lay is kept for those
        who wait for the place of the repeat (`projections/waiting.py`).

        Args:
            pool: Of connections.
            command_id: The command.
            place: Where it lies, as readers wait for it (`decider_step.waited_for`).
            first: Enters it in the inbox, with its place; whether it was not there before.
            decided: Decides it and keeps what follows, on the same connection.

        Returns:
            What is to be published for the command: all of it the first time; what of it has not been confirmed by
            then, on a redelivery.

        """
        async with database(), pool.acquire() as connection:
            async with connection.transaction():
                if await first(connection):
                    records = await decided(connection)
                    await self.put(connection, command_id, records)
                    return list(records)
                if place is not None:
                    await connection.execute(self._repeated, command_id, place)
            return await self.waiting(connection, command_id)

    async def put(self, connection: Any, command_id: UUID, records: Sequence[Record]) -> None:
        """Keep what a command led to until it is sent."""
        await connection.executemany(self._put, [(command_id, i, *row_of(r)) for i, r in enumerate(records)])

    async def waiting(self, connection: Any, command_id: UUID) -> list[Record]:
        """What of a command has not been confirmed yet."""
        return [record_of(row) for row in await connection.fetch(self._waiting, command_id)]

    async def sent(self, connection: Any, command_id: UUID) -> None:
        """Everything of this command is confirmed by the broker."""
        await connection.execute(self._sent, command_id)


def row_of(record: Record) -> tuple[str, bytes, bytes, str]:
    """Topic, key, value and headers as an outbox keeps them."""
    return record.topic, record.key, record.value, json.dumps([(k, v.decode()) for k, v in record.headers])


def record_of(row: Any) -> Record:
    """The inverse of `row_of`."""
    headers = tuple((k, v.encode()) for k, v in json.loads(row["headers"]))
    return Record(row["topic"], row["key"], row["value"], headers)
