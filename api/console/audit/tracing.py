"""Pages of lineage: find a sentence, see where it comes from, and what became of an upload."""

import re
from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from muniment.api.answers import Highlight
from muniment.api.auditing.note import note
from muniment.api.console.audit.lineage.documents import (
    batch_node,
    batches_of,
    chunk_node,
    upload_node,
    version_and_told,
)
from muniment.api.console.audit.lineage.graph import HEIGHT, WIDTH, Node, drawn
from muniment.api.console.audit.lineage.relations import ORDER, Asking, traced
from muniment.api.console.audit.lineage.scripts import citation_node, citations_of, draft_node, draft_of
from muniment.api.console.audit.scopes import also
from muniment.api.console.audit.telling import clipped
from muniment.api.console.view import View, Viewing
from muniment.api.keys import Scope
from muniment.api.problems.problem import Problem
from muniment.api.reads import Question
from muniment.schemas.audit import DocumentTouched

FOUND = 10
Number = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
Words = Annotated[str, Query(max_length=500, pattern="^[^\x00]*$")]


async def show_search(view: Viewing, q: Words = "") -> Response:
    """Passages that hold the words of a sentence, each with the way to where it comes from."""
    hits = []
    if q.strip():
        also(view, Scope.SEARCH)
        hits = (await view.reads.search(view.tenant, Question(q.strip(), "text", FOUND))).items
        view.shown(hits)
    return view.show("audit/sentence.html", q=q, hits=hits, spans=_marks)


async def show_lineage(
    *,
    view: Viewing,
    document_id: UUID,
    version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
    batch: Number = None,
    passage: Number = None,
    q: Words = "",
) -> Response:
    """Where a passage, a batch, a version or an upload comes from, and what was made of it."""
    also(view, Scope.DOCUMENTS_READ)
    asking = Asking(view.deps, view.who)
    start = await _start(asking, document_id, version, batch, passage)
    return await _shown(view, asking, start, q)


async def show_draft(view: Viewing, draft_id: UUID, citation: Number = None) -> Response:
    """Where a draft, or the sentence at one of its marks, comes from, and where it went."""
    also(view, Scope.DOCUMENTS_READ)
    asking = Asking(view.deps, view.who)
    draft = await draft_of(asking, draft_id)
    if draft is None:
        raise Problem("not_found", "There is no such draft.")
    marks = await citations_of(asking, draft_id)
    note().documents.extend(
        DocumentTouched(one.document_id, one.version, (one.ordinal,)) for one in marks if one.document_id
    )
    if citation is None:
        return await _shown(view, asking, draft_node(draft), "")
    if citation >= len(marks):
        raise Problem("not_found", "There is no such citation.")
    return await _shown(view, asking, citation_node(draft, citation, marks[citation]), "")


async def _shown(view: View, asking: Asking, start: Node, q: str) -> Response:
    graph = await traced(asking, start)
    return view.show(
        "audit/lineage.html",
        graph=graph,
        start=start,
        drawing=drawn(graph, ORDER),
        box=(WIDTH, HEIGHT),
        clipped=clipped,
        life=start.ref[0] if start.kind not in {"citation", "draft"} else None,
        q=q,
        spans=spans_of(start.text, q),
    )


async def _start(
    asking: Asking, document_id: UUID, version: int | None, batch: int | None, passage: int | None
) -> Node:
    number = version
    if number is None:
        versions = await asking.deps.reads.versions(asking.who.tenant, document_id)
        number = versions[0].version if versions else 0
    found = await version_and_told(asking, document_id, number)
    if found is None:
        raise Problem("not_found", "There is no such document or version.")
    note().documents.append(DocumentTouched(document_id, number, () if passage is None else (passage,)))
    if passage is not None:
        overview = asking.deps.overview
        chunks = await overview.chunks(asking.who.tenant, document_id, number, (passage, passage)) if overview else []
        if not chunks:
            raise Problem("not_found", "There is no such passage.")
        return chunk_node(document_id, number, chunks[0])
    if batch is not None:
        row = next((one for one in await batches_of(asking, document_id, number) if one.batch == batch), None)
        if row is None:
            raise Problem("not_found", "There is no such batch.")
        return batch_node(document_id, number, row, found[2])
    return upload_node(*found)


def _marks(highlights: Sequence[Highlight]) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in highlights]


def spans_of(text: str, sentence: str) -> list[tuple[int, int]]:
    """Where a sentence stands in a text: whole, whatever its spaces and case; else each of its words."""
    words = sentence.split()
    if not words:
        return []
    whole = re.compile(r"\s+".join(map(re.escape, words)), re.IGNORECASE)
    found = [match.span() for match in whole.finditer(text)]
    if found:
        return found
    each = re.compile(
        "|".join(rf"\b{re.escape(word)}\b" for word in sorted(set(words), key=len, reverse=True)), re.IGNORECASE
    )
    return [match.span() for match in each.finditer(text)]
