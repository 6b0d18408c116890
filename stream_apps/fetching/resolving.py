"""Names to addresses, as this machine resolves them: once for each connection, and what was checked is connected to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The literal addresses of a host, best first; raises what `Fetcher` raises."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses that the system's resolver has. Raises `StepFailure(fetch_failed)` when it has none."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise Refused(ErrorCode.URL_REFUSED, "the host's name is none") from None
    except OSError as error:
        raise StepFailure(ErrorCode.FETCH_FAILED, f"the host's name was not found: {type(error).__name__}") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
