"""A port that is kept free until its server begins."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from support.ports import free_port


@contextmanager
def held_port() -> Iterator[int]:
    """A port of 127.0.0.1 on which nobody listens but servers that share it (`SO_REUSEPORT`, as this does)."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(("127.0.0.1", free_port()))
        yield held.getsockname()[1]
