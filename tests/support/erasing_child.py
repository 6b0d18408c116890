"""An eraser in a process of its own, which is killed (`kill -9`, by itself) at a chosen point. Not a test.

Arguments: database, home, file of the log, seconds that its clock goes ahead by, point. The log is a file of records,
one after the other, which outlives the process.
"""

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
from support.erasing_house import House
from support.publisher import MemoryPublisher

from muniment.schemas.codec import decode
from muniment.schemas.erasures import ErasureCompleted, StoreErased
from muniment.schemas.record import Record


class FileLog(MemoryPublisher):
    """A log in a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    async def send(self, record: Record) -> Record:
        """See `Publisher.send`."""
        placed = await super().send(record)
        with self._path.open("ab") as file:
            pickle.dump(placed, file)
        return placed


def records(path: Path) -> list[Record]:
    """What the file holds."""
    found = []
    with path.open("rb") as file:
        while file.peek(1):
            found.append(pickle.load(file))
    return found


def dies() -> None:
    """No word to anybody."""
    os.kill(os.getpid(), signal.SIGKILL)


def after(place: object, name: str) -> None:
    """Die when this call has done its work."""
    inner: Callable[..., Coroutine[Any, Any, Any]] = getattr(place, name)

    async def call(*words: Any, **more: Any) -> Any:
        await inner(*words, **more)
        dies()

    setattr(place, name, call)


def after_saying(house: House, wanted: Callable[[Any], bool]) -> None:
    """Die when this event is on the log, before anything is kept of it."""
    inner = house.log.send

    async def send(record: Record) -> Record:
        placed = await inner(record)
        if wanted(decode(record, lambda _: None).event):
            dies()
        return placed

    house.log.send = send  # type: ignore[method-assign]


POINTS: dict[str, Callable[[House], None]] = {
    "keys destroyed, not said": lambda house: after(house.ring, "destroy"),
    "keys destroyed, kept, not waited": lambda house: after(house.store, "destroyed"),
    "blobs erased, said, not kept": lambda house: after_saying(
        house, lambda event: isinstance(event, StoreErased) and event.store == "blobs"
    ),
    "receipt said, not kept": lambda house: after_saying(house, lambda event: isinstance(event, ErasureCompleted)),
}


async def main(database_url: str, home: str, log: str, ahead_s: str, point: str) -> None:
    """Erase until the point is reached."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as pool:
        house = House(pool, database_url, Path(home), log=FileLog(Path(log)))
        house.now = datetime.now(UTC) + timedelta(seconds=float(ahead_s))
        POINTS[point](house)
        eraser = house.eraser
        for _ in range(20):
            await eraser.turn()
            house.now += timedelta(seconds=2)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
