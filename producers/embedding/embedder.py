"""The port: what everyone who needs vectors talks to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

Purpose = Literal["passage", "query"]
"""Some models embed what is searched differently from what is asked."""


@dataclass(frozen=True, eq=False)
class Embedded:
    """Vectors in the order of the texts, and the tokens that were paid for them."""

    vectors: NDArray[np.float32]
    """`[texts, dimensions]`."""
    tokens: int


class LineTooLong(StepFailure):
    """Our own limit of requests keeps this one back for too long: the endpoint was not asked."""


class BatchTooLarge(StepFailure):
    """The endpoint takes no request of that size: `provider_rejected`, unless whoever asked asks in parts."""

    def __init__(self, detail: str) -> None:
        super().__init__(ErrorCode.PROVIDER_REJECTED, detail)

    def __reduce__(self) -> tuple[type, tuple[object, ...], dict[str, object]]:
        """As its one argument says."""
        return type(self), (self.detail,), self.__dict__


class Embedder(Protocol):
    """Turns texts into vectors."""

    @property
    def model(self) -> str:
        """The model's name: vectors of two models are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        ...

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> Embedded:
        """Embed `texts`; none at all gives none.

        Raises `StepFailure` with `provider_rate_limited`, `provider_unavailable`, `provider_timeout`,
        `provider_auth`, `provider_rejected` (`BatchTooLarge` when fewer texts may do) or `embedding_bad_answer`.
        """
        ...


def nothing(dimensions: int) -> Embedded:
    """The answer for no texts."""
    return Embedded(np.empty((0, dimensions), np.float32), 0)
