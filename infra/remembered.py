"""A flag that has to be known while the log is away, where its value lies: kept in Postgres as last heard."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog

from muniment.producers.operations.operations import Operations
from muniment.producers.operations.state import OperationsState
from muniment.producers.postgres import database
from muniment.schemas.errors import StepFailure

LOG = structlog.get_logger(__name__)
AGAIN_S = 2.0
_RECALL = "select value from muniment_access.remembered_flags where flag = $1"
_REMEMBER = """
insert into muniment_access.remembered_flags (flag, value) values ($1, $2)
on conflict (flag) do update set value = excluded.value, heard_at = now()"""


class Remembered:
    """One flag: the log's value once that has been read, until then the one that was last heard."""

    def __init__(self, pool: Any, operations: Operations, flag: str) -> None:
        self._pool = pool
        self._operations = operations
        self._flag = flag
        self._recalled: bool | None = None
        self._changed = asyncio.Event()

    def __call__(self) -> bool:
        """Whether it is on."""
        heard = self._operations.caught_up.is_set()
        return self._operations.flag(self._flag) if heard or self._recalled is None else self._recalled

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Remembered"]:
        """Recall it, and write down what is heard from now on."""
        deaf = self._operations.listen(self._heard)
        writing = asyncio.create_task(self._write_down(), name="remembered")
        try:
            async with database():
                self._recalled = await self._pool.fetchval(_RECALL, self._flag)
            self._changed.set()
            yield self
        finally:
            deaf()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    def _heard(self, _: OperationsState) -> None:
        self._changed.set()

    async def _write_down(self) -> None:
        written: bool | None = None
        while True:
            await self._changed.wait()
            await self._operations.caught_up.wait()
            self._changed.clear()
            value = self._operations.flag(self._flag)
            if value == written:
                continue
            try:
                async with database():
                    await self._pool.execute(_REMEMBER, self._flag, value)
                written = value
            except StepFailure as error:
                LOG.info("flag_not_remembered", flag=self._flag, code=str(error.code))
                await asyncio.sleep(AGAIN_S)
                self._changed.set()
