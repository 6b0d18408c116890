"""Passages: as they are found, and as they stand in a prompt."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from muniment.producers.writing.writer import Source
from muniment.schemas.scripts import Passage


@dataclass(frozen=True, slots=True)
class Found:
    """A chunk that search gave, with its place in each arm; `start` and `end` are offsets in its document."""

    document_id: UUID
    version: int
    ordinal: int
    title: str
    heading: str | None
    page: int | None
    start: int
    end: int
    text: str
    score: float
    vector_rank: int | None
    words_rank: int | None

    def numbered(self, number: int) -> Source:
        """As what a writer may cite."""
        return Source(number, self.title, self.heading, self.page, self.text)

    def recorded(self, number: int, tokens: int) -> Passage:
        """As what the log says of it."""
        return Passage(
            number=number,
            document_id=self.document_id,
            version=self.version,
            ordinal=self.ordinal,
            page=self.page,
            start=self.start,
            end=self.end,
            tokens=tokens,
            score=self.score,
            vector_rank=self.vector_rank,
            words_rank=self.words_rank,
        )


class Retrieval(Protocol):
    """Who knows what a project's documents say."""

    async def find(
        self, tenant: str, project_id: UUID, question: str, only: Collection[UUID], most: int
    ) -> Sequence[Found]:
        """The chunks that bear most on a question, best first: of the active versions of the project's documents.

        `only` narrows it to some of these documents; empty: all. None at all where the project has none.

        Raises `StepFailure` as an embedder does, and `database_unavailable`.
        """
        ...


def block(source: Source) -> tuple[str, str]:
    """How a passage stands in a prompt: its head, which names it, and its text, which is unchanged."""
    named = ", ".join(filter(None, [source.title, source.heading, f"page {source.page}" if source.page else ""]))
    return f"[{source.number}] {' '.join(named.split())}\n", f"{source.text}\n\n"
