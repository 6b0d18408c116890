"""Search: vectors, words, or both fused, of the versions that are whole and active, of one tenant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from muniment.projections import cursor as cursors
from muniment.projections.chunks.arms import Asked, Found, Intro, Place, by_text, by_vector, intro, passages, voting
from muniment.projections.chunks.filters import Filters
from muniment.projections.chunks.fusion import fused
from muniment.projections.chunks.highlight import Highlighter
from muniment.projections.chunks.live_model import still_live
from muniment.projections.sql import statements
from muniment.projections.validity import Moment
from muniment.schemas.embedding_models import added

_SQL = statements("muniment.projections.chunks")
Mode = Literal["vector", "text", "hybrid"]
DEPTH = 50
"""How deep each arm is read for fusion; pages end where the ranked list does."""
MAX_K = 100


@dataclass(frozen=True)
class Hit:
    """A chunk that answers a query.

    Attributes:
        start: First character in the document's extracted text; `end` is after the last.
        highlights: Where in `text` the words of the query stand, `(start, end)`.
        score: Cosine similarity (vector), rank of the words (text) or fused score (hybrid); comparable within a query.
        vector_rank: Its place, from 1, among the nearest vectors; `None` when it is not among them.
        text_rank: Its place, from 1, among the matches of the words.
        vector_score: Its cosine similarity, when it is among the nearest vectors.
        text_score: Its rank by the words, when it is among their matches; comparable within a query.
        coverage: How much of what the query's words weigh it has, from 0 to 1.

    """

    document_id: UUID
    version: int
    ordinal: int
    title: str | None
    file_name: str | None
    media_type: str | None
    page: int | None
    heading: str | None
    start: int
    end: int
    text: str
    highlights: tuple[tuple[int, int], ...]
    score: float
    vector_rank: int | None
    text_rank: int | None
    vector_score: float | None = None
    text_score: float | None = None
    coverage: float | None = None


@dataclass(frozen=True)
class Ranked:
    """A place in the list of hits, and what each arm had to say for it, by its name."""

    place: Place
    score: float
    ranks: Mapping[str, int]
    arms: Mapping[str, Found]


@dataclass(frozen=True)
class Page:
    """One page of hits, best first; `cursor` leads to the next, `None` at the end."""

    hits: tuple[Hit, ...]
    cursor: str | None


async def search(  # noqa: PLR0917 - a query is what it is
    pool: Any,
    tenant: str,
    mode: Mode,
    query_text: str,
    query_vector: Sequence[float] | None,
    k: int = 10,
    filters: Filters | None = None,
    cursor: str | None = None,
    model: str | None = None,
    pinned: bool = False,
    at: Moment | None = None,
) -> Page:
    """Search a tenant's active versions; `query_vector` may be `None` in mode `text`.

    The whole search sees one moment of the read model: either all of a version or nothing of it, and vectors of
    `model` only, which made `query_vector`. Unless it is `pinned`, that has to be the model that search reads then.

    With `at` it is the search as it would have been at that moment.

    Raises:
        ModelSwitched: search reads another model's vectors by now.
        ValueError: `k` out of bounds, a vector missing, or (`BadCursor`) a cursor of another query.

    """
    if not 1 <= k <= MAX_K:
        raise ValueError(f"k is between 1 and {MAX_K}")
    if mode != "text" and query_vector is None:
        raise ValueError(f"a {mode} search needs a vector")
    narrowed = filters or Filters()
    # The pages of one search are of one model: after a switch the first is asked for anew.
    whose = [model] if model is not None and added(model) else []
    query = cursors.query_hash(tenant, mode, query_text, k, repr(narrowed), *whose, *(at or ()))
    start = _offset(query, cursor)
    depth = max(DEPTH, k) if mode == "hybrid" else max(2 * DEPTH, k)
    asked = Asked(tenant, query_text, query_vector, narrowed, depth, model, at)
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        if model is not None and not pinned and mode != "text":
            await still_live(connection, model)
        known = await intro(connection, asked)
        ranked = await _ranked(connection, mode, asked, known) if known.chunks else []
        shown = ranked[start : start + k]
        said = await passages(connection, tenant, [one.place for one in shown], at) if shown else {}
    find = Highlighter(known.lexemes, query_text)
    hits = tuple(_hit(said[one.place], one, find) for one in shown if one.place in said)
    more = start + k < len(ranked)
    return Page(hits, cursors.encode(query, [start + k]) if more else None)


async def unseen(pool: Any, tenant: str, versions: Sequence[tuple[UUID, int]]) -> set[tuple[UUID, int]]:
    """Of these document versions, those that search has not come to yet: the log has them whole, search will."""
    if not versions:
        return set()
    documents, numbers = zip(*versions, strict=True)
    rows = await pool.fetch(_SQL["unseen"], tenant, list(documents), list(numbers))
    return {(row["document_id"], row["version"]) for row in rows}


async def _ranked(connection: Any, mode: Mode, asked: Asked, known: Intro) -> list[Ranked]:
    if mode == "hybrid":
        arms = {"vector": await by_vector(connection, asked, known), "text": await by_text(connection, asked, known)}
        votes = fused({name: voting(found) for name, found in arms.items()})
        said = {name: {hit.place: hit for hit in found} for name, found in arms.items()}
        return [Ranked(p, score, ranks, {name: said[name][p] for name in ranks}) for p, score, ranks in votes]
    found = await (by_vector if mode == "vector" else by_text)(connection, asked, known)
    return [Ranked(hit.place, hit.score, {mode: rank}, {mode: hit}) for rank, hit in enumerate(found, 1)]


def _offset(query: str, cursor: str | None) -> int:
    if cursor is None:
        return 0
    place = cursors.decode(query, cursor)
    if len(place) != 1 or not isinstance(place[0], int) or place[0] < 0:
        raise cursors.BadCursor("not a cursor")
    return place[0]


def _hit(row: Any, ranked: Ranked, find: Highlighter) -> Hit:
    near, worded = ranked.arms.get("vector"), ranked.arms.get("text")
    return Hit(
        document_id=row["document_id"],
        version=row["version"],
        ordinal=row["ordinal"],
        title=row["title"],
        file_name=row["file_name"],
        media_type=row["media_type"],
        page=row["page"],
        heading=row["heading"],
        start=row["start_char"],
        end=row["end_char"],
        text=row["text"],
        highlights=tuple(find(row["text"])),
        score=float(ranked.score),
        vector_rank=ranked.ranks.get("vector"),
        text_rank=ranked.ranks.get("text"),
        vector_score=float(near.score) if near else None,
        text_score=float(worded.score) if worded else None,
        coverage=float(worded.coverage) if worded else None,
    )
