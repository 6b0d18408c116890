"""What the stores of the deciders share."""

from typing import Any
from uuid import UUID

from muniment.producers.postgres import database
from muniment.stream_apps.outbox import Outbox


class DeciderStore:
    """Tables of a decider; what it decides is put into the outbox among them, in the same transaction.

    Attributes:
        schema: The Postgres schema that they are in.

    """

    schema: str

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self._outbox = Outbox(self.schema)

    async def sent(self, command_id: UUID) -> None:
        """Everything of this command is confirmed by the broker: empty its outbox."""
        async with database():
            await self._outbox.sent(self._pool, command_id)
