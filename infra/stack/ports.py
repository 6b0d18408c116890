"""Which port each part listens on: the one that was set, else the one it had before, else a free one.

A port is kept from the moment it is chosen until the stack ends, also while its part starts or starts again: a socket
is bound to it that does not listen. With `SO_REUSEADDR` on both, as servers set it, Linux lets the part listen beside
it (socket(7)), and nobody who looks for a free port takes it.
"""

import secrets
import socket
from collections.abc import Callable, Iterable, Mapping

LOOPBACK = "127.0.0.1"
LOWEST, HIGHEST = 15_000, 32_000
"""Below the range from which the system takes the near end of outgoing connections: while a part restarts, one of these
could otherwise take its port, or even connect to itself on it and be mistaken for the part."""


class PortTakenError(RuntimeError):
    """A port that was asked for is in use by somebody else."""


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether nobody listens there now."""
    # As servers do themselves: the remains of closed connections are no obstacle.
    return _can_bind(port, host, reuse=True)


def is_untouched(port: int, host: str = LOOPBACK) -> bool:
    """Whether nobody listens there, keeps it, or has only just closed a connection on it."""
    return _can_bind(port, host, reuse=False)


def _can_bind(port: int, host: str, *, reuse: bool) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, reuse)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def any_free() -> int:
    """A port that nobody listens on or keeps."""
    while True:
        port = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        if is_untouched(port):
            return port


def keep(ports: Iterable[int], host: str = LOOPBACK) -> list[socket.socket]:
    """Keep these ports until the sockets are closed, by this process and all that they were handed to.

    Raises `PortTakenError` when somebody has begun to listen on one.
    """
    kept: list[socket.socket] = []
    for port in ports:
        one = socket.socket()
        kept.append(one)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((host, port))
        except OSError as error:
            for each in kept:
                each.close()
            raise PortTakenError(f"port {port} was taken by another program just now: try again") from error
    return kept


def choose(
    wanted: Mapping[str, int],
    before: Mapping[str, int],
    free: Callable[[int], bool] = is_free,
    new: Callable[[], int] = any_free,
) -> dict[str, int]:
    """A port for every name of `wanted`, all different. A wanted port of 0 leaves the choice.

    Raises `PortTakenError`, naming setting and port, when a port that was set is in use.
    """
    chosen: dict[str, int] = {}
    for name, port in wanted.items():
        if port:
            if port in chosen.values() or not free(port):
                raise PortTakenError(f"port {port} is in use: set MUNIMENT_{name.upper()} to another, or to 0")
            chosen[name] = port
    for name in wanted.keys() - chosen.keys():
        port = before.get(name, 0)
        if not port or port in chosen.values() or not free(port):
            port = new()
            while port in chosen.values():
                port = new()
        chosen[name] = port
    return {name: chosen[name] for name in wanted}
