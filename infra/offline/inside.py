"""What runs in the network namespace: two ports that lead out, the proof that nothing else does, and the command.

Arguments: for each way out `PORT=SOCKET`, then `--`, then the command.
"""

import asyncio
import fcntl
import os
import socket
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from muniment.infra.offline import pipes

_SET_FLAGS, _UP_AND_RUNNING = 0x8914, 0x1 | 0x40
"""SIOCSIFFLAGS with IFF_UP and IFF_RUNNING (netdevice(7))."""
SECRETS = ("OPENAI", "API_KEY", "TOKEN", "AWS_")


class NotOfflineError(Exception):
    """Something could be reached, or is known, that a replay is to do without."""


def main() -> int:
    """Run the command; its exit code."""
    at = sys.argv.index("--")
    ways = dict(word.split("=", 1) for word in sys.argv[1:at])
    try:
        return asyncio.run(_run({int(port): Path(path) for port, path in ways.items()}, sys.argv[at + 1 :]))
    except NotOfflineError as error:
        sys.stderr.write(f"muniment: {error}\n")
        return 1


async def _run(ways: Mapping[int, Path], command: Sequence[str]) -> int:
    _loopback_up()
    proved(os.environ, [name for _, name in socket.if_nameindex()])
    servers = [await pipes.inside(port, path) for port, path in ways.items()]
    try:
        done = await asyncio.create_subprocess_exec(*command)
        return await done.wait()
    finally:
        for server in servers:
            server.close()


def proved(environment: Mapping[str, str], interfaces: Sequence[str]) -> None:
    """Raise `NotOfflineError` unless there is no way out but the loopback, and no key of an outside service."""
    others = sorted(set(interfaces) - {"lo"})
    if others:
        raise NotOfflineError(f"there are other networks than the loopback here: {', '.join(others)}")
    keys = sorted(name for name in environment if any(word in name for word in SECRETS))
    if keys:
        raise NotOfflineError(f"keys are set: {', '.join(keys)}")


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh", b"lo", _UP_AND_RUNNING))


if __name__ == "__main__":
    sys.exit(main())
