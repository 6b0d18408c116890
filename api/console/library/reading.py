"""The text of a document as search has it: passage by passage, each with an address of its own.

`…/text?chunk=12#c12` is the thirteenth passage; `…/text?version=2&start=512&end=640` are characters of the extracted
text, which are marked: what a citation names leads here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from muniment.api.auditing.note import note
from muniment.api.console.page import Page
from muniment.api.console.view import View, Viewing
from muniment.api.documents import existing
from muniment.api.keys import Scope
from muniment.api.problems.problem import Problem
from muniment.projections.chunks.lineage import ChunkRow
from muniment.schemas.audit import DocumentTouched

WINDOW = 40
"""Passages on a page."""
Number = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
Place = Annotated[int | None, Query(ge=0, le=2**53)]


@dataclass(frozen=True, slots=True)
class Block:
    """A passage as the page shows it: without what the passage before has said already.

    Attributes:
        chunk: The passage.
        text: What of it is new.
        marks: What in that was pointed to, `(first character, after the last)`.
        heading: Its heading, where that is another than the one before.

    """

    chunk: ChunkRow
    text: str
    marks: list[tuple[int, int]]
    heading: str | None


def blocks(chunks: Sequence[ChunkRow], cited: tuple[int, int] | None) -> list[Block]:
    """Passages in order, their overlaps shown once; `cited` are characters of the whole text."""
    made: list[Block] = []
    reached, heading = 0, None
    for chunk in chunks:
        skip = min(max(0, reached - chunk.start), len(chunk.text)) if made else 0
        # Passages begin where one before ended: the empty lines between are the page's own distance.
        skip += len(chunk.text[skip:]) - len(chunk.text[skip:].lstrip("\r\n"))
        shown, first = chunk.text[skip:].rstrip(), chunk.start + skip
        made.append(
            Block(chunk, shown, _marks(cited, first, len(shown)), chunk.heading if chunk.heading != heading else None)
        )
        reached, heading = max(reached, chunk.end), chunk.heading
    return made


def _marks(cited: tuple[int, int] | None, first: int, length: int) -> list[tuple[int, int]]:
    if cited is None:
        return []
    start, end = max(0, cited[0] - first), min(length, cited[1] - first)
    return [(start, end)] if start < end else []


async def text(  # noqa: PLR0917 - a query is what it is
    view: Viewing,
    document_id: UUID,
    version: Number = None,
    chunk: Number = None,
    start: Place = None,
    end: Place = None,
) -> Response:
    """The passages around a place, from the beginning when none is named."""
    found = await existing(view.reads, view.tenant, document_id)
    number = version or found.active_version or found.latest_version
    overview = view.deps.overview
    if overview is None:
        raise Problem("not_ready", "This instance reads no passages.")
    batches = await overview.batches(view.tenant, document_id, number)
    total = batches[-1].last + 1 if batches else 0
    target = await _target(view, document_id, number, chunk, start)
    first = min(target, max(0, total - 1)) // WINDOW * WINDOW
    rows = await overview.chunks(view.tenant, document_id, number, (first, first + WINDOW - 1)) if total else []
    note().documents.append(DocumentTouched(document_id, number, tuple(row.ordinal for row in rows)))
    cited = (start, end if end is not None and end > start else start + 1) if start is not None else None
    return view.show(
        "library/text.html",
        document=found,
        version=number,
        versions=await view.reads.versions(view.tenant, document_id),
        blocks=blocks(rows, cited),
        total=total,
        first=first,
        window=WINDOW,
        target=target if chunk is not None or start is not None else None,
    )


async def _target(view: View, document_id: UUID, version: int, chunk: int | None, start: int | None) -> int:
    if chunk is not None or start is None:
        return chunk or 0
    assert view.deps.overview is not None, "looked at by the caller"
    return await view.deps.overview.ordinal_at(view.tenant, document_id, version, start) or 0


PAGES = (
    Page(
        "/library/documents/{document_id}/text",
        "consoleText",
        text,
        Scope.DOCUMENTS_READ,
        title="library.text",
        sample="/library/documents/{document_id}/text?chunk=1#c1",
    ),
)
