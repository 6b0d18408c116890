"""Waiting for what has to come: as long as a busy machine may take, and no longer than it takes here."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE_S = 60.0
"""More than a machine that is four times slower, and now and then stands still, takes for anything here."""


def until(what: str, look: Callable[[], T], timeout_s: float = PATIENCE_S, every_s: float = 0.1) -> T:
    """The first true answer of `look`; fails with `what` and the last answer when there is none in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s:g} s; last seen {found!r}"
        time.sleep(every_s)
