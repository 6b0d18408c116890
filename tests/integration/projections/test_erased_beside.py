"""Erased documents in versions of a read model that nobody reads: those that are kept, and one that is being filled."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from projected_story import DIMENSIONS, Log, Story
from support.replayed import Sender

from muniment.producers.log_codec import LogCodec
from muniment.projections.config import ProjectionsConfig
from muniment.projections.registry import projection
from muniment.projections.replaying import shadow
from muniment.projections.replaying.replay import Bounds, How, replay
from muniment.schemas.codec import Envelope
from muniment.schemas.errors import MunimentError
from muniment.schemas.record import Record
from muniment.schemas.topics import DOCUMENTS
from muniment.stream_apps.erasing.read_models import ReadModelStore
from muniment.stream_apps.erasing.stores import Erased, Forgotten

SECRET = "quagga"
MODEL = projection("documents", DIMENSIONS)


@dataclass
class SlowCodec:
    """Decodes, and gives what it opened only once it may go on."""

    codec: LogCodec
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def decode_many(
        self, records: Sequence[Record], *, unopened: Collection[str] = ()
    ) -> list[Envelope | MunimentError]:
        """See `Decoder`."""
        found = await self.codec.decode_many(records, unopened=unopened)
        self.opened.set()
        await self.go_on.wait()
        return found


async def told(log: Log, sender: Sender) -> Story:
    """A document whose title is the secret, on the broker."""
    story = Story(log, ["one"], title=SECRET)
    await story.tell()
    await sender.send([r for r in log.records if r.topic == DOCUMENTS.name], partition=0)
    return story


async def erased(pool: asyncpg.Pool, document: UUID) -> Erased:
    """The store of names empties what nobody reads."""
    what = Forgotten("acme", [document], datetime.now(UTC), None)
    return await ReadModelStore(pool, "names and labels").erase(what)


async def titles(connection: Any, schema: str) -> set[str | None]:
    """What titles there are in a version."""
    return {row["title"] for row in await connection.fetch(f"select title from {schema}.documents")}


async def test_what_was_opened_before_the_keys_went_does_not_come_in_later(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, pool: asyncpg.Pool
) -> None:
    """A part of the log is folded, and its batch lies open in memory while the erasure removes: nothing of it stays."""
    story, slow = await told(log, sender), SlowCodec(log.codec)
    replaying = asyncio.create_task(replay(MODEL, config, slow, How(bounds=Bounds())))
    await slow.opened.wait()
    assert await log.ring.destroy("acme", story.document_id) == 1
    erasing = asyncio.create_task(erased(pool, story.document_id))
    # Long enough for a store that waits for nobody.
    await asyncio.wait([erasing], timeout=1)
    slow.go_on.set()
    done, _ = await replaying, await erasing
    assert await titles(connection, done.schema) == {None}


async def test_what_is_kept_forgets_an_erased_document(
    config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, pool: asyncpg.Pool
) -> None:
    """Nobody tells an old version what was erased: the store takes it out of each, and leaves what readers see."""
    story = await told(log, sender)
    for _ in range(2):
        assert (await replay(MODEL, config, log.codec, How(accept=_accepted))).switched
    (old,) = [k.schema for k in await shadow.kept(connection) if await titles(connection, k.schema)]
    assert await titles(connection, old) == {SECRET}
    assert "rows of versions that nobody reads" in (await erased(pool, story.document_id)).note
    assert await titles(connection, old) == {None}
    assert await connection.fetchval("select title from read.documents") == SECRET


async def _accepted(_: object) -> bool:
    return True
