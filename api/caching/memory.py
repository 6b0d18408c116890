"""The layer of this process: the answers that were asked for last. Pure."""

from collections.abc import Mapping
from typing import Any

from cachetools import TTLCache

MOST = 1000
KEPT_S = 24 * 3600.0
LARGEST_BYTES = 256 * 1024
"""A larger answer is kept by the shared layer alone, so that a thousand of them bound the memory, too."""


class Memory:
    """At most `MOST` answers for a day at most; the least recently used goes first."""

    def __init__(self, most: int = MOST) -> None:
        self._held: Any = TTLCache(most, KEPT_S)

    def __len__(self) -> int:
        return len(self._held)

    def get(self, name: bytes) -> bytes | None:
        """The answer of that name."""
        found = self._held.get(name)
        return None if found is None else bytes(found[2])

    def put(self, name: bytes, tenant: str, generation: str, value: bytes) -> None:
        """Keep an answer, unless it is too large."""
        if len(value) <= LARGEST_BYTES:
            self._held[name] = (tenant, generation, value)

    @property
    def tenants(self) -> set[str]:
        """Whose answers there are that a change of read models can end."""
        return {tenant for tenant, generation, _ in self._held.values() if generation}

    def keep(self, now: Mapping[str, str]) -> None:
        """Let go of every answer of another generation than its tenant's is now."""
        for name, (tenant, generation, _) in list(self._held.items()):
            if generation and now.get(tenant) != generation:
                del self._held[name]

    def clear(self) -> None:
        """Let go of everything."""
        self._held.clear()
