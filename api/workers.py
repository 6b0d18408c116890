"""The port to who works through the steps."""

from collections.abc import Mapping
from typing import Protocol


class Workers(Protocol):
    """What is asked of them."""

    def apart(self) -> bool:
        """Whether worker processes run the steps; else the API's do. It is what the flag `durable_worker` says here."""
        ...

    async def waits(self) -> Mapping[str, str]:
        """By step, what its records wait for in place, as far as the processes say that this one can ask."""
        ...

    async def count(self) -> int | None:
        """How many processes run the steps, as the broker tells; `None` while it tells nothing."""
        ...
