"""The port to vectors that were paid for before."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class KnownVectors(Protocol):
    """Vectors of a tenant by model and content hash: from any document, any version."""

    async def find(self, tenant: str, model: str, hashes: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """Those that are known; the others are missing from the answer.

        Raises `StepFailure(database_unavailable)`.
        """
        ...
