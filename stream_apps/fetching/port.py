"""The port to the web: whoever guards it (a breaker for each host) stands before it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
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
        StepFailure: `fetch_failed`, with the seconds that the server asked to wait; it may be had later.
    """

    def open(self, address: WebAddress) -> AbstractAsyncContextManager[Found]:
        """What lies at the address, following redirects."""
        ...
