"""Stopping the stack: what stands on the foundations first, then these; what does not end is ended."""

import time
from contextlib import suppress
from pathlib import Path

from muniment.infra.stack import record
from muniment.infra.stack.control import Control
from muniment.infra.stack.leftovers import sweep
from muniment.infra.stack.supervisord import Places

STOP_TIMEOUT_S = 14.0
"""All stages together: 6 s of grace for the apps, 6 for the foundations, 1 for the log."""
INTERVAL_S = 0.1


def stop(home: Path) -> bool:
    """End the stack of that home and forget it; says whether there was anything to end."""
    found = record.running(home)
    if found is not None:
        # Without an answer it is ending already, or hangs: the sweep below takes care of both.
        with suppress(ConnectionError):
            Control(Places(home).socket).shut_down()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while found.supervisor.alive() and time.monotonic() < deadline:
            time.sleep(INTERVAL_S)
    swept = sweep(home)
    if not home.exists():
        return swept > 0
    record.record_file(home).unlink(missing_ok=True)
    Places(home).socket.unlink(missing_ok=True)
    return found is not None or swept > 0
