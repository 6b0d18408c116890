"""An instance of the API as far as kept searches go."""

from dataclasses import dataclass
from typing import Any

from muniment.api.caching.memory import Memory
from muniment.api.dependencies import Dependencies
from muniment.api.postgres_reads import PostgresReads
from muniment.api.search import Asked, found
from muniment.projections.waiting import Waiting


@dataclass
class Instance:
    """An instance of the API as far as searches go; `reads` counts how often the read model was searched."""

    deps: Dependencies
    memory: Memory
    waiting: Waiting
    searched: list[str]

    async def search(self, words: str, tenant: str = "acme") -> list[str]:
        """The texts of the hits."""
        page = await found(self.deps, tenant, Asked(q=words, mode="text"), self.deps.reads)
        return [hit.text for hit in page.hits]


class Counted(PostgresReads):
    """Notes which questions reach the read model."""

    searched: list[str]

    async def search(self, tenant: str, question: Any) -> Any:
        self.searched.append(question.text)
        return await super().search(tenant, question)
