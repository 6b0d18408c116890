"""Asks two models the same questions and says how alike and how good their answers are, and how long they take."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Protocol
from uuid import UUID

from muniment.api.answers import Hit
from muniment.api.models.measures import gains_of, ndcg, overlap, percentile
from muniment.api.models.requests import JudgedQuery
from muniment.api.pages import Page
from muniment.api.reads import Question
from muniment.producers.embedding.models import Priced

Place = tuple[UUID, int]
"""Document and ordinal of a chunk."""


class Searches(Protocol):
    """What is needed of `Reads`."""

    async def search(self, tenant: str, question: Question) -> Page[Hit]:
        """Hits, best first."""
        ...


@dataclass
class Asked:
    """What a model did so far."""

    took_ms: list[float] = field(default_factory=list)
    ndcg: list[float] = field(default_factory=list)

    def figures(self) -> tuple[float, float, float]:
        """Mean nDCG, median and 95th percentile of the time."""
        mean = sum(self.ndcg) / len(self.ndcg) if self.ndcg else 0.0
        return mean, percentile(self.took_ms, 0.5), percentile(self.took_ms, 0.95)


@dataclass
class Compared:
    """Two models after the same questions."""

    live: Asked = field(default_factory=Asked)
    other: Asked = field(default_factory=Asked)
    overlaps: list[float] = field(default_factory=list)
    judged: int = 0


class Comparing:
    """Asks on behalf of a tenant; `k` hits of each question are looked at."""

    def __init__(self, reads: Searches, tenant: str, k: int) -> None:
        self._reads = reads
        self._tenant = tenant
        self._k = k

    async def run(self, live: Priced, other: Priced, queries: Sequence[JudgedQuery]) -> Compared:
        """Ask both in turns, so that neither finds the caches warmer; raises as embedding and reading do."""
        done, k = Compared(), self._k
        both = [(live, done.live), (other, done.other)]
        for number, query in enumerate(queries):
            turns = both if number % 2 else both[::-1]
            hits = {model.name: await self._ask(model, query.q, asked) for model, asked in turns}
            places = {name: [(hit.document_id, hit.ordinal) for hit in found] for name, found in hits.items()}
            done.overlaps.append(overlap(places[live.name], places[other.name], k))
            done.judged += bool(query.relevant)
            for model, asked in both:
                asked.ndcg.append(self._ndcg(query, hits[model.name], places[live.name]))
        return done

    def _ndcg(self, query: JudgedQuery, found: Sequence[Hit], reference: Sequence[Place]) -> float:
        if query.relevant:
            return ndcg([hit.document_id for hit in found], dict.fromkeys(query.relevant, 1.0), self._k)
        return ndcg([(hit.document_id, hit.ordinal) for hit in found], gains_of(reference, self._k), self._k)

    async def _ask(self, model: Priced, text: str, asked: Asked) -> list[Hit]:
        began = perf_counter()
        embedded = await model.embedder.embed([text], purpose="query")
        vector = [float(x) for x in embedded.vectors[0]]
        question = Question(text=text, mode="vector", k=self._k, vector=vector, model=model.name, pinned=True)
        page = await self._reads.search(self._tenant, question)
        asked.took_ms.append((perf_counter() - began) * 1000)
        return list(page.items)
