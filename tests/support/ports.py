"""Free loopback ports for the tests: no two processes of one run, and no stack, look for theirs where another does.

A port that was free a moment ago may be another test's when the broker that it was meant for begins to listen on it.
"""

import os
import secrets
from itertools import count

from muniment.infra.stack.ports import LOWEST, is_untouched

FIRST = 10_000
"""From here up to where stacks look for theirs."""
PROCESSES = 8
EACH = (LOWEST - FIRST) // PROCESSES
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % PROCESSES
_NEXT = count(secrets.randbelow(EACH))


def free_port() -> int:
    """A port on 127.0.0.1 that nobody has, and that comes round again only after hundreds of others."""
    for _ in range(EACH):
        port = FIRST + _WORKER * EACH + next(_NEXT) % EACH
        if is_untouched(port):
            return port
    raise RuntimeError(f"no free port from {FIRST + _WORKER * EACH} on")


def free_ports(number: int) -> list[int]:
    """So many different ones."""
    return [free_port() for _ in range(number)]
