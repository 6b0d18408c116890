"""Two addresses through the wall: sockets of the file system, which a network namespace does not cut.

Outside, a socket leads to the broker or to Postgres; inside, their usual addresses lead to that socket. A relay of
bytes, so that what runs inside is told nothing about it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

LOOPBACK = "127.0.0.1"
_BYTES = 256 * 1024
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def outside(path: Path, host: str, port: int) -> asyncio.Server:
    """Lead a socket of the file system to an address."""
    return await asyncio.start_unix_server(_led(lambda: asyncio.open_connection(host, port)), path, limit=_BYTES)


async def inside(port: int, path: Path) -> asyncio.Server:
    """Lead a port of this machine's (this namespace's) loopback to a socket of the file system."""
    return await asyncio.start_server(_led(lambda: asyncio.open_unix_connection(path)), LOOPBACK, port, limit=_BYTES)


def _led(
    connect: Callable[[], Awaitable[_Streams]],
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            far_reader, far_writer = await connect()
            await asyncio.gather(_relayed(reader, far_writer), _relayed(far_reader, writer))
        writer.close()

    return lead


async def _relayed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_BYTES):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()
