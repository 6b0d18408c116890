"""Bodies that a server compressed though it was asked not to: taken apart within bounds, whatever they hold."""

import zlib
from collections.abc import AsyncIterator

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure

PIECE = 256 * 1024
AT_ONCE = 4096
"""Bytes that are taken apart at a time: what follows a member is copied with each, and they may be tiny."""
_GZIP_OR_ZLIB, _GZIP = 32 + zlib.MAX_WBITS, 16 + zlib.MAX_WBITS


async def inflated(pieces: AsyncIterator[bytes], encoding: str) -> AsyncIterator[bytes]:
    """The body in pieces of at most 256 KiB once it is decompressed; `encoding` is the `Content-Encoding` header.

    A gzip body may have several members, one after the other (RFC 1952); each of them is part of it.
    Zeros after one are padding, as for gzip(1): archives are filled up to whole blocks.

    Raises:
        Refused: `url_refused`, an encoding that was not asked for and is not gzip.
        StepFailure: `fetch_failed`, not what it says, or it ends too early, or something else follows.

    """
    if encoding in {"", "identity"}:
        async for piece in pieces:
            yield piece
        return
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise Refused(ErrorCode.URL_REFUSED, "the server answers in an encoding that was not asked for")
    machine = zlib.decompressobj(_GZIP_OR_ZLIB)
    async for piece in pieces:
        for start in range(0, len(piece), AT_ONCE):
            left = piece[start : start + AT_ONCE]
            while left := _unpadded(machine, left):
                if machine.eof:
                    machine = zlib.decompressobj(_GZIP)
                if found := _next(machine, left):
                    yield found
                left = machine.unused_data if machine.eof else machine.unconsumed_tail
    if not machine.eof:
        raise StepFailure(ErrorCode.FETCH_FAILED, "the compressed body ends too early")


def _unpadded(machine: "zlib._Decompress", left: bytes) -> bytes:
    return left.lstrip(b"\0") if machine.eof else left


def _next(machine: "zlib._Decompress", left: bytes) -> bytes:
    try:
        return machine.decompress(left, PIECE)
    except zlib.error:
        raise StepFailure(ErrorCode.FETCH_FAILED, "the body is not compressed as it says") from None
