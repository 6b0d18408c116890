"""A ZIP that is put together beside the loop: compressing megabytes takes time, and the loop has others to serve."""

import asyncio
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress
from tempfile import SpooledTemporaryFile
from typing import IO

MEMORY_BYTES = 8 * 1024 * 1024
"""Past this the archive is put together in an unnamed temporary file, not in memory."""
PIECE = 256 * 1024


class Archive:
    """Files are added one after the other; `pieces` closes it."""

    def __init__(self) -> None:
        # Closed by whoever reads it to its end, or with the process.
        self._out: IO[bytes] = SpooledTemporaryFile(MEMORY_BYTES)  # noqa: SIM115
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED)

    async def add(self, name: str, content: str | bytes) -> None:
        """A file that is at hand."""
        await asyncio.to_thread(self._zip.writestr, name, content)

    async def add_pieces(self, name: str, pieces: AsyncIterator[bytes]) -> None:
        """A file that comes in pieces, which are gathered into larger ones: a thread for each line costs more."""
        with self._zip.open(name, "w") as out:
            gathered, size = list[bytes](), 0
            async for piece in pieces:
                gathered.append(piece)
                size += len(piece)
                if size >= PIECE:
                    await asyncio.to_thread(out.write, b"".join(gathered))
                    gathered, size = [], 0
            await asyncio.to_thread(out.write, b"".join(gathered))

    async def pieces(self) -> AsyncIterator[bytes]:
        """The archive, whole."""
        await asyncio.to_thread(self._zip.close)
        with self._out as out:
            out.seek(0)
            while piece := await asyncio.to_thread(out.read, PIECE):
                yield piece

    def drop(self) -> None:
        """Let go of it, when it came to nothing."""
        with suppress(ValueError):  # a file in it was left open by what went wrong
            self._zip.close()
        self._out.close()
