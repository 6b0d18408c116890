"""Instances of the API on one real broker and one real database, for what has to hold between them.

Run as a program it is one instance as a process of its own, which can be told to stand still after a publish:
`python accepting.py BOOTSTRAP DATABASE_URL FOLDER PREFIX [MARKER]` prints its port; with a number behind that it drains
first, and stands still after so many commands.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import uvicorn
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from httpx2 import ASGITransport, AsyncClient

from muniment.api.app import create_app
from muniment.api.dependencies import Dependencies
from muniment.api.idempotency.postgres import PostgresIdempotency
from muniment.api.key_store import PostgresKeyStore
from muniment.api.outbox.drain import Drain
from muniment.api.outbox.postgres import Outbox
from muniment.api.outbox.publisher import AcceptingPublisher
from muniment.api.postgres_reads import PostgresReads
from muniment.producers.bounded_pool import BoundedPool
from muniment.producers.claims import Claims
from muniment.producers.command_log import CommandLog
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.key_file import load
from muniment.producers.local_blobs import LocalBlobs
from muniment.producers.log_codec import LogCodec
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.producers.publisher import Publisher
from muniment.projections.waiting import Waiting
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Record
from muniment.schemas.topics import COMMANDS_DOCUMENTS

PARTITIONS = 2
LOCK_S = 2.0
"""How soon another instance goes on with what a process was at that is killed."""


class Prefixed:
    """A publisher whose topics have a prefix on the broker, and which can be away."""

    def __init__(self, inner: Publisher, prefix: str) -> None:
        self._inner, self._prefix = inner, prefix
        self.away = False
        self.lose_answers = False
        """The record gets there, its confirmation does not."""

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`."""
        if self.away:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "the broker is away")
        done = await self._inner.send(record.to(self._prefix + record.topic))
        if self.lose_answers:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "the broker did not confirm")
        return replace(done, topic=record.topic)


class PrefixedLog(CommandLog):
    """A look at the log that fails while the publisher is away."""

    def __init__(self, bootstrap: str, prefix: str, publisher: Prefixed) -> None:
        super().__init__(bootstrap, prefix=prefix)
        self._publisher = publisher

    async def first(self, *given: Any) -> Any:
        """See `CommandLog.first`."""
        if self._publisher.away:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "the broker is away")
        return await super().first(*given)


@dataclass
class Instance:
    """One instance of the API with its parts."""

    dependencies: Dependencies
    log: Prefixed
    looks: CommandLog
    outbox: Outbox
    publisher: AcceptingPublisher
    drain: Drain
    app: Any
    outbox_on: bool = False

    def client(self, key: str) -> AsyncClient:
        """A caller of this instance."""
        transport = ASGITransport(self.app, raise_app_exceptions=False)
        return AsyncClient(transport=transport, base_url="http://api", headers={"Authorization": f"Bearer {key}"})


@asynccontextmanager
async def instance(
    bootstrap: str,
    database_url: str,
    folder: Path,
    prefix: str,
    *,
    wait_s: float = 30.0,
    lock_s: float = 30.0,
    after: Callable[[Publisher], Publisher] | None = None,
) -> AsyncIterator[Instance]:
    """An instance; `after` wraps what publishes. Not heard of for `lock_s`, its requests are taken over."""
    async with AsyncExitStack() as stack:
        bare = asyncpg.create_pool(database_url, min_size=1, max_size=8, command_timeout=wait_s)
        pool = BoundedPool(await stack.enter_async_context(bare), wait_s)
        key_ring = PostgresKeyRing(pool, load(folder / "keys.json"))
        kafka = await stack.enter_async_context(KafkaPublisher(bootstrap))
        log = Prefixed(kafka, prefix)
        outbox, looks = Outbox(pool), PrefixedLog(bootstrap, prefix, log)
        made: list[Instance] = []

        def is_on() -> bool:
            return bool(made) and made[0].outbox_on

        publisher = AcceptingPublisher(log, outbox, looks, is_on)
        waiting = await stack.enter_async_context(Waiting(pool, database_url))
        dependencies = Dependencies(
            publisher=after(publisher) if after else publisher,
            published=publisher.published,
            codec=LogCodec(key_ring),
            key_ring=key_ring,
            claims=Claims(pool, LocalBlobs(folder / "blobs")),
            keys=PostgresKeyStore(pool),
            reads=PostgresReads(pool, waiting, outbox=outbox),
            embedder=None,  # type: ignore[arg-type] - nothing is searched here
            idempotency=PostgresIdempotency(pool, lock_s=lock_s),
        )
        drain = Drain(outbox, log, looks, publisher, is_on)
        made.append(Instance(dependencies, log, looks, outbox, publisher, drain, create_app(dependencies)))
        yield made[0]


async def make_topic(bootstrap: str, prefix: str) -> None:
    """The topic of the commands, under a prefix."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(prefix + COMMANDS_DOCUMENTS.name, PARTITIONS, 1)])
    finally:
        await admin.close()


class StandsStill:
    """Publishes so often, leaves a mark, and never comes back: what a process that is killed then looks like."""

    def __init__(self, inner: Publisher, marker: Path, sends: int = 1) -> None:
        self._inner, self._marker, self._left = inner, marker, sends

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`."""
        done = await self._inner.send(record)
        self._left -= 1
        if self._left:
            return done
        self._marker.touch()
        await asyncio.sleep(3600)
        raise AssertionError("nobody waits that long")


async def main(bootstrap: str, database_url: str, folder: str, prefix: str, *still: str) -> None:
    """Serve one instance until the process ends; `still` is the mark, and after how many commands to stand still."""
    marker, sends = (*still, "", "")[:2]
    wrap = (lambda inner: StandsStill(inner, Path(marker))) if marker and not sends else None
    async with instance(bootstrap, database_url, Path(folder), prefix, lock_s=LOCK_S, after=wrap) as made:
        if sends:
            log = StandsStill(made.log, Path(marker), int(sends))
            await Drain(made.outbox, log, made.looks, made.publisher, lambda: True).once()
        server = uvicorn.Server(uvicorn.Config(made.app, port=0, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn tells by a flag only
            await asyncio.sleep(0.02)
        sys.stdout.write(f"{server.servers[0].sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await serving


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
