"""The port to the web, and the door that stands before each host."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from muniment.schemas.web_address import WebAddress


@dataclass(frozen=True, slots=True)
class Found:
    """What lies at an address.

    Attributes:
        address: Where the redirects ended.
        file_name: What it is called.
        size_bytes: How long it says it is; `None` when it does not.
        pieces: The bytes, readable once, while it is open.

    """

    address: WebAddress
    file_name: str
    size_bytes: int | None
    pieces: AsyncIterator[bytes]


class Fetcher(Protocol):
    """Opens what lies at addresses.

    Opening it, and reading its pieces, raises

        Refused: `url_forbidden`, `url_refused`, `too_large`, `empty_document`: it will never be had.
        StepFailure: `fetch_failed`, with the seconds that the server asked to wait, or `breaker_open`, when one of
            the hosts on the way is left alone for a while; it may be had later.
    """

    def open(self, address: WebAddress) -> AbstractAsyncContextManager[Found]:
        """What lies at the address, following redirects."""
        ...


Door = Callable[[WebAddress], AbstractAsyncContextManager[None]]
"""Gone through for each host on the way, and left by what that host did: raises `breaker_open` when it is shut."""


def open_door(_: WebAddress) -> AbstractAsyncContextManager[None]:
    """The door of hosts that nothing is remembered of."""
    return nullcontext()
