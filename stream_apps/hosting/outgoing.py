"""The results of one run on their way to the log: side by side across topics, in order within each, all confirmed."""

import asyncio

from muniment.producers.publisher import Publisher
from muniment.schemas.record import Record
from muniment.stream_apps.retrying.confirmed import Sleep, send_confirmed

MAX_OUTSTANDING = 64


class Outgoing:
    """Takes results in order and sends them, at most 64 outstanding.

    Within a topic the next record is sent when the one before is confirmed: two sends in flight could change places
    when one of them has to be repeated. Across topics there is no order to keep.
    """

    def __init__(self, publisher: Publisher, sleep: Sleep = asyncio.sleep) -> None:
        self._publisher = publisher
        self._sleep = sleep
        self._room = asyncio.Semaphore(MAX_OUTSTANDING)
        self._last: dict[str, asyncio.Task[None]] = {}
        self._error: BaseException | None = None

    async def put(self, record: Record) -> None:
        """Queue a record for sending; raises what an earlier one failed with."""
        await self._room.acquire()
        if self._error is not None:
            raise self._error
        before = self._last.get(record.topic)
        self._last[record.topic] = asyncio.create_task(self._send(record, before))

    async def confirmed(self) -> None:
        """Return once every record is confirmed; raises what one failed with."""
        # The last task of a topic ends after all before it.
        await asyncio.gather(*self._last.values())
        if self._error is not None:
            raise self._error

    async def abandon(self) -> None:
        """Give up what is still outstanding. Some of it may reach the log all the same: ids are derived."""
        for task in self._last.values():
            task.cancel()
        await asyncio.gather(*self._last.values(), return_exceptions=True)

    async def _send(self, record: Record, before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None:
                await before
            if self._error is None:
                await send_confirmed(self._publisher, record, self._sleep)
        except Exception as error:  # noqa: BLE001 - kept, and raised by `put` and `confirmed` in the run's own task
            self._error = self._error or error
        finally:
            self._room.release()
