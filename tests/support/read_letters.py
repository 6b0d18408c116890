"""Dead letters in their read model, folded by its own projection."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from support.redriving import Yard, dead, letter_of
from support.steps import TENANT
from support.toy_step import job

from muniment.projections.dead_letters.projection import DeadLetters
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import BRANCH


@dataclass
class ReadYard:
    """A yard whose letters are in the read model."""

    yard: Yard
    schema: str
    buried: int = 0

    async def bury(
        self,
        *,
        at: datetime | None = None,
        tenant: str = TENANT,
        fingerprint: str = "f1",
        record: Record | None = None,
        model: str = "",
    ) -> str:
        """One dead letter, buried at that time, of the step that embeds with this `model` if any; its place."""
        self.buried += 1
        made = dead(self.buried, fingerprint=fingerprint, record=record or job(tenant))
        if model:
            made = made.with_headers({"retry_step": "reembedding", BRANCH: model})
        if not tenant:
            made = Record(made.topic, made.key, made.value, tuple(h for h in made.headers if h[0] != "tenant"))
        sent = await self.yard.publisher.send(made)
        stamp = round(at.timestamp() * 1000) if at else sent.timestamp_ms
        placed = Record(sent.topic, sent.key, sent.value, sent.headers, sent.partition, sent.offset, stamp)
        await self.fold([placed])
        return letter_of(placed, fingerprint).letter

    async def fold(self, items: list[Any]) -> None:
        """Let the read model see records, or what was said of them."""
        async with self.yard.pool.acquire() as connection, connection.transaction():
            await DeadLetters().apply(connection, self.schema, items)

    async def catch_up(self) -> None:
        """Let the read model see all that was said."""
        await self.fold(await self.yard.said())

    async def status(self, letter: str) -> str:
        """What the read model says of a letter."""
        found = await self.yard.pool.fetchval("select status from read.dead_letters where letter = $1", letter)
        return str(found)

    async def document_of(self, letter: str) -> UUID:
        """The document that a letter is about."""
        query = "select document_id from read.dead_letters where letter = $1"
        return UUID(str(await self.yard.pool.fetchval(query, letter) or uuid4()))
