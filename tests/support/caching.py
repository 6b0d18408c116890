"""A shared layer in memory: generations that tests raise, answers by name, and a switch that makes it be away."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from muniment.api.caching.shared import Stored
from muniment.api.caching.wanted import Wanted


@dataclass
class MemoryShared:
    """See `Shared`."""

    answers: dict[bytes, Stored] = field(default_factory=dict)
    changes: Counter[str] = field(default_factory=Counter)
    away: bool = False
    calls: int = 0

    async def generations(self, tenants: Collection[str]) -> Mapping[str, str]:
        self._called()
        return {tenant: f"{self.changes[tenant]} " for tenant in tenants}

    async def fetch(self, name: bytes) -> bytes | None:
        self._called()
        found = self.answers.get(name)
        return found.value if found else None

    async def store(self, answer: Stored) -> None:
        self._called()
        if answer.generation in {"", f"{self.changes[answer.tenant]} "}:
            self.answers[answer.name] = answer

    async def sweep(self) -> None:
        self._called()
        self.answers = {
            name: one for name, one in self.answers.items() if one.generation in {"", f"{self.changes[one.tenant]} "}
        }

    def _called(self) -> None:
        self.calls += 1
        if self.away:
            raise ConnectionRefusedError


def text(tenant: str, *parts: str, kind: str = "test", lasts: bool = False) -> Wanted[str]:
    """A text that is asked for."""
    return Wanted(kind, tenant, parts, str.encode, bytes.decode, lasts=lasts)
