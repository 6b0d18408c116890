"""Names to addresses, as this machine resolves them: once for each connection, and what was checked is connected to.

The system's call cannot be taken back, and takes half a minute where a name server is silent. Each has a thread of its
own, which nobody waits for after a few seconds, nor at the end of the process: those of a loop are few, and for all.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The literal addresses of a host, best first; raises what `Fetcher` raises."""
LONGEST_S = 5.0
MOST = 256
"""Lookups under way at once, those included that nobody waits for any more."""
_TURNS = threading.BoundedSemaphore(MOST)


async def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses that the system's resolver has.

    Raises:
        Refused: `url_refused`, a name that is none.
        StepFailure: `fetch_failed` when it has none, or not in time; `provider_timeout`, which is not held against the
            host, while as many names as may be are looked up already, or the machine has no thread left.

    """
    try:
        async with asyncio.timeout(LONGEST_S):
            found = await _looked_up(host, port)
    except UnicodeError:
        raise Refused(ErrorCode.URL_REFUSED, "the host's name is none") from None
    except OSError as error:
        raise StepFailure(ErrorCode.FETCH_FAILED, f"the host's name was not found: {type(error).__name__}") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _looked_up(host: str, port: int) -> "asyncio.Future[list[Any]]":
    turns = _TURNS
    if not turns.acquire(blocking=False):
        raise StepFailure(ErrorCode.PROVIDER_TIMEOUT, "too many names are looked up: is the name server slow?")
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Any]] = loop.create_future()

    def tell(found: list[Any], error: Exception | None) -> None:
        if answer.done():
            return  # nobody waits any more
        if error is None:
            answer.set_result(found)
        else:
            answer.set_exception(error)

    def look_up() -> None:
        found: list[Any] = []
        failure: Exception | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            failure = error
        finally:
            turns.release()
        # The loop may have ended meanwhile.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, found, failure)

    try:
        threading.Thread(target=look_up, name="resolving", daemon=True).start()
    except (RuntimeError, MemoryError) as error:
        # It never began, so nobody else gives the turn back.
        turns.release()
        raise StepFailure(
            ErrorCode.PROVIDER_TIMEOUT, "no thread is left to look up a name: raise the limit of tasks or memory"
        ) from error
    return answer
