"""Waiting for a server that a test has started."""

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable
from typing import Any


async def until_ready(ask: Callable[[], Awaitable[Any]], timeout_s: float, process: subprocess.Popen[bytes]) -> None:
    """Return as soon as `ask` raises no `ConnectionError` any more.

    Raises `TimeoutError` after `timeout_s` seconds, or as soon as the process has ended.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            await ask()
        except ConnectionError as cause:
            if process.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError(f"no answer within {timeout_s:.0f} s") from cause
        else:
            return
        await asyncio.sleep(0.1)
