"""A stretch of network between two parts that a test can cut, stall and mend: a TCP relay in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

PIECE = 16 * 1024


class Relay:
    """Listens on `port` and passes bytes to and from `target_port`, both on this machine."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self._target_port = target_port
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self._left: int | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        assert self._ready.wait(10)

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        self._do(self._cut)

    def cut_after(self, sent: int) -> None:
        """Do so once so many more bytes have gone towards the target."""
        self._left = sent

    def stall(self) -> None:
        """Let nothing through, in either direction, without breaking anything: what a lost network looks like."""
        self._do(self._flowing.clear)

    def resume(self) -> None:
        """All is well again."""

        def mend() -> None:
            self._refusing, self._left = False, None
            self._flowing.set()

        self._do(mend)

    def close(self) -> None:
        """Cut, and listen no more."""
        self._do(self._cut)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _do(self, what: Callable[[], None]) -> None:
        done = threading.Event()

        def call() -> None:
            what()
            done.set()

        self._loop.call_soon_threadsafe(call)
        assert done.wait(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        with suppress(RuntimeError):
            self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    def _cut(self) -> None:
        self._refusing = True
        for writer in list(self._writers):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        try:
            await self._flowing.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        await asyncio.gather(self._pass(reader, far_writer, counted=True), self._pass(far_reader, writer))
        self._writers -= {writer, far_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool = False) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                await self._flowing.wait()
                if counted and self._left is not None:
                    self._left -= len(piece)
                    if self._left <= 0:
                        self._cut()
                        return
                writer.write(piece)
                await writer.drain()
        with suppress(OSError, RuntimeError):
            writer.close()


@contextmanager
def relay_to(target_port: int) -> Iterator[Relay]:
    """A relay that is there until the context is left."""
    made = Relay(target_port)
    made.start()
    try:
        yield made
    finally:
        made.close()
