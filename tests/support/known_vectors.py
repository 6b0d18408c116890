"""Known vectors in memory, for tests of the embedding step that need no read model."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class MemoryKnownVectors:
    """See `KnownVectors`. `asked` holds every look-up."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, bytes], NDArray[np.float16]] = {}
        self.asked: list[tuple[str, str, tuple[bytes, ...]]] = []

    def add(self, tenant: str, model: str, content_hash: bytes, vector: NDArray[np.floating]) -> None:
        """Know a vector from now on."""
        self._known[tenant, model, content_hash] = np.asarray(vector, np.float16)

    async def find(self, tenant: str, model: str, hashes: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """See `KnownVectors.find`."""
        self.asked.append((tenant, model, tuple(hashes)))
        return {h: self._known[tenant, model, h] for h in hashes if (tenant, model, h) in self._known}
