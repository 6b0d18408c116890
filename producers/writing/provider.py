"""What the adapters of providers share: all of a `Writer` but the one call and the reading of its answer."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from typing import Any, ClassVar

from muniment.producers.writing.calls import count
from muniment.producers.writing.failing import Kinds, Now, told
from muniment.producers.writing.observed import observed
from muniment.producers.writing.pacing import Patience, paced
from muniment.producers.writing.writer import Asked, Finished, Writing

CONNECT_S = 5.0
"""Longest that connecting to a provider may take."""


class ProviderWriter(ABC):
    """One call for each `write`; no retry of its own, as retrying is the log's affair.

    Args:
        client: The provider's own client; its `close` is called with ours.
        model: Asked for there.
        patience: How long it is waited for.
        now: The time, against which a provider's word on when to come back is read.

    """

    provider: ClassVar[str]
    kinds: ClassVar[Kinds]
    """What the client raises."""

    def __init__(self, client: Any, model: str, patience: Patience, now: Now) -> None:
        self._client = client
        self._model, self._patience, self._now = model, patience, now

    @property
    def model(self) -> str:
        """See `Writer.model`."""
        return self._model

    def write(self, asked: Asked) -> Writing:
        """See `Writer.write`."""
        items = told(self._streamed(asked), self.kinds, self._now)
        return observed(paced(items, self._patience), self.provider, count)

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.close()

    @abstractmethod
    def _streamed(self, asked: Asked) -> AsyncGenerator[str | Finished, None]:
        """The pieces of the answer, then how it ended; whatever the client raises goes through."""
