"""Lanes in processes of their own, for a long stretch of the log: one process of Python folds on one core only.

Each process is a load of its own for its share of the partition numbers, into the same schema. It tells what it folds
and nothing else. Whatever ends it, the load that began it reads from the checkpoints how far it came, and goes on from
there itself: so what cannot be folded is met, and told, in one place, and nothing hangs on a process that is gone.
A process whose load is gone ends at once; its transaction is rolled back.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from typing import Any

import uvloop

from muniment.projections.away import said
from muniment.projections.batch import Decoder
from muniment.projections.fold import PoisonRecord
from muniment.projections.replaying.load import Load, Stopped
from muniment.projections.replaying.share import Share

log = logging.getLogger(__name__)
LEAST = 50_000
"""Fewer records are folded before new processes have begun."""
_STOP = "stop"
_TOLD, _POISONED = 3, 4
"""Exit codes of a process that has told why, and of one that has met a record that cannot be folded."""
_END_S = 10.0
"""How long a process may take from its last word to its end."""
Opened = Callable[[], AbstractAsyncContextManager[Decoder]]
"""Makes a decoder in a process of its own; goes there as a pickle."""


@dataclass(frozen=True)
class Processes:
    """See `Apart`.

    Attributes:
        decoder: Makes the decoder there.
        least: Fewer records than this are folded in the process that asks.
        most: Processes side by side, at most: more than there are cores only take turns.

    """

    decoder: Opened
    least: int = LEAST
    most: int = os.cpu_count() or 1

    async def fold(self, shares: Sequence[Share], on_batch: Callable[[int], None], stop: asyncio.Event) -> str:
        """See `Apart.fold`.

        All are stopped once `stop` is set, and the others when one has met a record that cannot be folded: whoever
        asked meets it, too. Where one has failed otherwise, or cannot be begun, the others go on to their ends.
        """
        running, whys = list[_Running](), list[str]()
        stopping = asyncio.ensure_future(stop.wait())
        try:
            for share in shares:
                try:
                    running.append(_Running(self.decoder, share, on_batch))
                except OSError as error:
                    whys.append(f"no process can be begun: {said(error)}")
            left: set[asyncio.Future[Any]] = {one.ended for one in running}
            while left and not stop.is_set() and not any(one.poisoned for one in running):
                done, _ = await asyncio.wait({*left, stopping}, return_when=asyncio.FIRST_COMPLETED)
                left -= done
            for one in running:
                one.stop()
            await asyncio.gather(*(one.ended for one in running))
            whys += [one.why for one in running if one.why]
            return "; ".join(dict.fromkeys(whys))
        finally:
            stopping.cancel()
            for one in running:
                one.close()


class _Running:
    """A process, as the load that began it sees it."""

    def __init__(self, decoder: Opened, share: Share, on_batch: Callable[[int], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_batch = on_batch
        self._pipe, self._theirs = get_context("spawn").Pipe()
        # Not a fork: connections and the loop of this process are no use there.
        self._process = get_context("spawn").Process(target=_begin, args=(self._theirs, decoder, share), daemon=True)
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self.why = ""
        self.poisoned = False
        try:
            self._process.start()
        except BaseException:
            self._pipe.close()
            raise
        finally:
            # Only the process itself holds it from here on, so that its end closes it.
            self._theirs.close()
        self._loop.add_reader(self._pipe.fileno(), self._heard)

    def stop(self) -> None:
        with suppress(OSError):
            self._pipe.send(_STOP)

    def close(self) -> None:
        self._loop.remove_reader(self._pipe.fileno())
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def _heard(self) -> None:
        try:
            told = self._pipe.recv()
        except (EOFError, OSError):
            self._over()
        else:
            if isinstance(told, int):
                self._on_batch(told)
            else:
                self.why = str(told)

    def _over(self) -> None:
        self._loop.remove_reader(self._pipe.fileno())
        self._process.join(_END_S)
        code = self._process.exitcode
        self.poisoned = code == _POISONED
        if code and not self.why:
            self.why = f"a process was ended ({code})"
        if self.why and not self.poisoned:
            log.warning("a process of the replay: %s; its lane goes on in this one", self.why)
        self.ended.set_result(None)


def _begin(pipe: Pipe, decoder: Opened, share: Share) -> None:
    """What runs in the process."""
    # Ctrl-C goes to every process of a terminal; which of them ends, and how, is for the one that was asked.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        uvloop.run(_folded(pipe, decoder, share))
    except Exception as error:  # noqa: BLE001 - the load that began this goes on from here, and raises what it meets
        pipe.send(said(error))
        sys.exit(_POISONED if isinstance(error, PoisonRecord) else _TOLD)


async def _folded(pipe: Pipe, decoder: Opened, share: Share) -> None:
    stop = asyncio.Event()
    threading.Thread(target=_listen, args=(pipe, asyncio.get_running_loop(), stop), daemon=True).start()
    async with decoder() as found:
        load = Load(share.projection, share.config, found, share.schema, passed=share.passed, stop=stop)
        load.numbers, load.batch, load.on_batch = share.numbers, share.batch, pipe.send
        with suppress(Stopped):
            async with load:
                await load.to(share.ends)


def _listen(pipe: Pipe, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    try:
        pipe.recv()
    except (EOFError, OSError):
        # Nobody is there who could go on from here, or who still wants it.
        os._exit(1)
    loop.call_soon_threadsafe(stop.set)
