"""The two arms of a search, each a ranked list of chunks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from muniment.projections.chunks.filters import Filters
from muniment.projections.chunks.models import of_model
from muniment.projections.chunks.moments import Rows, told
from muniment.projections.chunks.words import latin, terms
from muniment.projections.projection import Connection
from muniment.projections.sql import statements
from muniment.projections.validity import Moment

Place = tuple[UUID, int, int]
"""Document, version and ordinal of a chunk."""

EXACT_CHUNKS = 4000
"""Up to so many chunks of a tenant, comparing them all is as quick as the index, and misses none."""
EXACT_FILTERED_CHUNKS = 20_000
"""With a filter the index has to be read on and on until enough chunks pass, and may give up: comparing all that pass
(about 0.5 ms a thousand) is worth it for more of them."""
COUNTED_DOCUMENTS = 2000
"""The size of a filter's result is counted up to so many documents; beyond, the index is the better way anyway."""
ENOUGH = 10
"""With fewer chunks that have all words, chunks that have some are looked for as well."""
ANY_CANDIDATES = 2000
"""So many of those are ranked: ranking every match of common words takes a second."""
LEAST_COVERAGE = 0.25
"""A chunk with less of what the query's words weigh has no vote beside the vectors. A question in one language is full
of pairs and words that chance puts into chunks of that language; without a bound they push down its answer in another.
Measured on the demo's 1,734 chunks with 74 questions (46 English, 28 Korean, 18 of these with an English answer): the
right document is in the first five for 58 instead of 57, the mean reciprocal rank 0.697 instead of 0.685 (English prose
0.830 instead of 0.815). 0.3 does the same, 0.2 and 0.35 a little less, and so does a full vote above the bound."""
_LEAST_EF, _MOST_EF = 60, 1000
_SQL = statements("muniment.projections.chunks")


@dataclass(frozen=True)
class Asked:
    """What is searched for, and what narrows it; `depth` is how many places each arm gives."""

    tenant: str
    text: str
    vector: Sequence[float] | None
    filters: Filters
    depth: int
    model: str | None = None
    """Whose vectors are compared with `vector`; `None`: whatever the settings' model was called."""
    at: Moment | None = None
    """As of when; `None`: now."""


@dataclass(frozen=True)
class Intro:
    """What is known before the arms are asked: the query's words, and how much there is to search."""

    lexemes: tuple[str, ...]
    chunks: int
    documents: int

    def few(self, *, filtered: bool) -> bool:
        """Whether comparing every chunk that passes the filter is the better way."""
        most = EXACT_FILTERED_CHUNKS if filtered else EXACT_CHUNKS
        return self.chunks <= most and self.documents < COUNTED_DOCUMENTS


class Found(NamedTuple):
    """A chunk that an arm found: its score there, and how much of the query it covers (1 is all of it)."""

    place: Place
    score: float
    coverage: float = 1.0


Ranked = list[Found]


async def intro(connection: Connection, asked: Asked) -> Intro:
    """Prepare this transaction for the search."""
    join, condition, parameters = asked.filters.condition(5)
    ef = str(min(_MOST_EF, max(_LEAST_EF, asked.depth)))
    given = [ef, latin(asked.text), asked.tenant, COUNTED_DOCUMENTS, *parameters]
    statement, given = told(_filled("intro", join, condition), given, asked.at, tenant="$3")
    row = await connection.fetchrow(statement, *given)
    return Intro(tuple(row["lexemes"]), row["chunks"], row["documents"])


async def by_vector(connection: Connection, asked: Asked, known: Intro) -> Ranked:
    """The nearest chunks by cosine distance, nearest first; the score is the similarity."""
    assert asked.vector is not None
    few = known.few(filtered=asked.filters != Filters())
    if asked.at is None:
        found = await _near(connection, asked, "vector_exact" if few else "vector_near")
    elif few:
        found = await _near(connection, asked, "vector_exact", "all")
    else:
        found = await _near(connection, asked, "vector_near")
        found += await _near(connection, asked, "vector_exact", "past")
    # The iterative scan gives them in nearly the right order.
    return sorted(found, key=lambda hit: (-hit.score, hit.place))[: asked.depth]


async def _near(connection: Connection, asked: Asked, name: str, rows: Rows = "live") -> Ranked:
    assert asked.vector is not None
    join, condition, parameters = asked.filters.condition(5)
    vector = "[" + ",".join(format(x, ".6g") for x in asked.vector) + "]"
    given = [asked.tenant, vector, asked.depth, asked.model, *parameters]
    statement, given = told(_filled(name, join, condition), given, asked.at, rows=rows, model=asked.model)
    found = await connection.fetch(of_model(statement, asked.model), *given)
    return [Found(_place(r), 1.0 - r["distance"]) for r in found]


async def by_text(connection: Connection, asked: Asked, known: Intro) -> Ranked:
    """Chunks that have all the words; when those are few, the best of those that have some after them."""
    wanted = terms(list(known.lexemes), asked.text)
    if not wanted:
        return []
    join, condition, parameters = asked.filters.condition(4)
    given = [asked.tenant, " & ".join(wanted), asked.depth, *parameters]
    statement, given = told(_filled("text_all", join, condition), given, asked.at)
    rows = await connection.fetch(statement, *given)
    found = [Found(_place(r), r["score"]) for r in rows]
    if len(found) < ENOUGH and len(wanted) > 1:
        join, condition, parameters = asked.filters.condition(6)
        given = [asked.tenant, " | ".join(wanted), asked.depth, ANY_CANDIDATES, wanted, *parameters]
        statement, given = told(_filled("text_any", join, condition), given, asked.at)
        rows = await connection.fetch(statement, *given)
        found += _below(found, [Found(_place(r), r["score"], r["coverage"]) for r in rows])
    # A row that shares no word with the query says nothing.
    return [hit for hit in found[: asked.depth] if hit.score > 0]


def voting(found: Ranked) -> list[tuple[Place, float]]:
    """What of the text arm counts beside the vectors, and for how much: by how much of the query it covers."""
    return [(hit.place, hit.coverage) for hit in found if hit.coverage >= LEAST_COVERAGE]


def _below(first: Ranked, others: Ranked) -> Ranked:
    """The others that are not among the first, their scores scaled to lie below: the two kinds do not compare."""
    known = {hit.place for hit in first}
    fresh = [hit for hit in others if hit.place not in known]
    if not first or not fresh:
        return fresh
    scale = first[-1].score / (fresh[0].score * 2)
    return [hit._replace(score=hit.score * scale) for hit in fresh]


async def passages(
    connection: Connection, tenant: str, places: Sequence[Place], at: Moment | None = None
) -> dict[Place, Any]:
    """What these chunks say and where, by place; their documents as they are or were."""
    columns = [list(c) for c in zip(*places, strict=True)] if places else [[], [], []]
    statement, given = told(_SQL["passages"], [tenant, *columns], at)
    rows = await connection.fetch(statement, *given)
    return {_place(row): row for row in rows}


def _filled(name: str, join: str, condition: str) -> str:
    return _SQL[name].replace("{join}", join).replace("{filter}", condition)


def _place(row: Any) -> Place:
    return row["document_id"], row["version"], row["ordinal"]
