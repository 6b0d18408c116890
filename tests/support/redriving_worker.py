"""Carries out redrives in a process of its own until it is killed, or kills itself at a point.

Usage: python redriving_worker.py BOOTSTRAP DSN PREFIX POINT TIMES
`POINT` is where it dies (`never`, `claimed`, `sending`, `sent`, `marked`, `announced`), at the `TIMES`-th time there.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

sys.path.insert(0, str(Path(__file__).parents[1]))

import asyncpg
from support.redriving import Prefixed, Yard, redriver, utc_now

from muniment.producers.kafka import KafkaPublisher
from muniment.stream_apps.redriving.sender import Sender
from muniment.stream_apps.redriving.store import RedrivingStore

LEFT = {"times": 1}


def die() -> None:
    """The `TIMES`-th call does not return."""
    LEFT["times"] -= 1
    if LEFT["times"] == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def after(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """The call, and then death; a call that did nothing does not count."""

    async def dying(*arguments: Any, **named: Any) -> Any:
        found = await call(*arguments, **named)
        if found != []:
            die()
        return found

    return dying


class DiesInTransaction(Sender):
    """A sender whose records are on the broker, and whose transaction never ends."""

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        commit = self._producer.commit_transaction

        async def dying() -> None:
            die()
            await commit()

        self._producer.commit_transaction = dying
        return self


class DiesBetween(Prefixed):
    """A publisher that dies after a send: what was said is still in the outbox."""

    async def send(self, record: Any) -> Any:
        sent = await super().send(record)
        die()
        return sent


async def main(bootstrap: str, dsn: str, prefix: str, point: str, times: str) -> None:
    """Run until killed."""
    LEFT["times"] = int(times)
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=4)
    async with KafkaPublisher(bootstrap) as publisher:
        yard = Yard(bootstrap, dsn, prefix, pool=pool)
        yard.publisher = (DiesBetween if point == "announced" else Prefixed)(publisher, prefix)
        redriving = redriver(yard)
        store = RedrivingStore(pool, utc_now)
        redriving._store = store
        if point == "claimed":
            store.claim = after(store.claim)
        elif point == "marked":
            store.mark = after(store.mark)
        elif point == "sending":
            redriving._sender = lambda: DiesInTransaction(bootstrap, transactional_id=prefix, prefix=prefix)
        elif point == "sent":
            Sender.send = after(Sender.send)
        await redriving.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
