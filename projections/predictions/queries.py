"""What a tenant's documents have that begins like what was typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections.predictions.confidence import confidence
from muniment.projections.predictions.folding import enough, folded, wanted
from muniment.projections.sql import statements

_SQL = statements("muniment.projections.predictions")
_KINDS = {"t": "document", "f": "document", "h": "heading"}
CANDIDATES = 40
"""Phrases of each kind of look that are ranked."""
_PROJECT = """
and p.document_id in (select document_id from read.project_documents where tenant = $1 and project_id = $5)"""


@dataclass(frozen=True, slots=True)
class Predicted:
    """A phrase that may be meant.

    Attributes:
        kind: `document` (a title or a file name) or `heading`.
        text: The phrase.
        confidence: How likely it is, from 0 to 1.
        documents: In how many documents it stands.
        places: Up to three of them with the version, the newest first.

    """

    kind: str
    text: str
    confidence: float
    documents: int
    places: tuple[tuple[UUID, int], ...]


async def predictions(
    pool: Any, tenant: str, typed: str, *, limit: int, now: datetime, project_id: UUID | None = None
) -> list[Predicted]:
    """The likeliest phrases of documents that search sees, best first; none for less than two letters.

    With a project, only of its documents.
    """
    plain = folded(typed)
    if not enough(typed):
        return []
    extra = [] if project_id is None else [project_id]
    narrowed = {name: _SQL[name].replace("{filter}", _PROJECT if extra else "") for name in ("beginning", "words")}
    async with pool.acquire() as connection:
        # The last letter counts up: all that begins with `plain` lies between.
        end = plain[:-1] + chr(ord(plain[-1]) + 1)
        rows = await connection.fetch(narrowed["beginning"], tenant, plain, end, CANDIDATES, *extra)
        if len(rows) < limit:
            # With enough that begins so, what has it in its midst would stand below them.
            rows += await connection.fetch(narrowed["words"], tenant, wanted(tenant, typed), plain, CANDIDATES, *extra)
    return ranked(plain, rows, limit, now)


def ranked(typed: str, rows: Sequence[Any], limit: int, now: datetime) -> list[Predicted]:
    """Rows as predictions, best first, each phrase once."""
    found: dict[tuple[str, str], Predicted] = {}
    for row in rows:
        kind = _KINDS[row["kind"]]
        age_days = (now - row["indexed_at"]).total_seconds() / 86400 if row["indexed_at"] else 0.0
        sure = confidence(typed, row["folded"], times=row["documents"], age_days=age_days)
        known = found.get((kind, row["folded"]))
        if known is None or known.confidence < sure:
            places = tuple((UUID(one.split("/")[0]), int(one.split("/")[1])) for one in row["places"])
            found[kind, row["folded"]] = Predicted(kind, row["phrase"], round(sure, 4), row["documents"], places)
    return sorted(found.values(), key=lambda one: (-one.confidence, len(one.text), one.text, one.kind))[:limit]
