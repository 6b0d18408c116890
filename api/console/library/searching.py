"""Search: passages, best first, with what was found in them and why."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Query
from pydantic import ValidationError
from starlette.responses import Response

from muniment.api.answers import Hit
from muniment.api.console.page import Page
from muniment.api.console.view import View, Viewing
from muniment.api.documents import list_documents
from muniment.api.keys import Scope
from muniment.api.problems.problem import from_validation
from muniment.api.search import Asked, found

WIDTH = 420
"""Characters of a passage that a hit shows at first."""
MODES = ("hybrid", "vector", "text")
TYPES = (
    ("application/pdf", "PDF"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Word"),
    ("application/epub+zip", "EPUB"),
    ("text/markdown", "Markdown"),
    ("text/html", "HTML"),
    ("text/plain", "TXT"),
    ("text/csv", "CSV"),
    ("application/json", "JSON"),
)
Word = Annotated[str, Query(max_length=2000)]


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A part of a passage: around the first words that were found, or from its beginning."""

    text: str
    marks: list[tuple[int, int]]
    before: bool
    after: bool


def excerpt(text: str, spans: list[tuple[int, int]], width: int = WIDTH) -> Excerpt:
    """At most about `width` characters of `text`, cut between words where there are any; spans outside are left out."""
    if len(text) <= width:
        return Excerpt(text, spans, before=False, after=False)
    first = max(0, min((spans[0][0] if spans else 0) - width // 4, len(text) - width))
    if first:
        space = text.find(" ", first, first + width // 8)
        first = space + 1 if space >= 0 else first
    last = min(len(text), first + width)
    if last < len(text):
        space = text.rfind(" ", last - width // 8, last)
        last = space if space > first else last
    inside = [(start - first, end - first) for start, end in spans if first <= start and end <= last]
    return Excerpt(text[first:last], inside, before=first > 0, after=last < len(text))


def shown(hit: Hit) -> tuple[Hit, Excerpt]:
    """A hit with what of it is shown."""
    return hit, excerpt(hit.text, [(mark.start, mark.end) for mark in hit.highlights])


async def search(  # noqa: PLR0917 - a query is what it is
    view: Viewing,
    q: Word = "",
    mode: Word = "hybrid",
    type: Word = "",  # noqa: A002
    title: Word = "",
    label: Word = "",
    since: Word = "",
    until: Word = "",
    document: UUID | None = None,
    cursor: Word = "",
) -> Response:
    """The form, and what was found."""
    kept = {"q": q, "mode": mode, "type": type, "title": title, "label": label, "since": since, "until": until}
    facts: dict[str, Any] = {
        "kept": {**kept, "document": document},
        "narrowed": any((type, title, label, since, until, document)),
        "modes": MODES,
        "types": TYPES,
        "cursor": cursor,
        "place": place,
    }
    if not q.strip():
        return view.show("library/search.html", found=None, hits=[], bare=await _bare(view), **facts)
    given = {
        "q": q,
        "mode": mode,
        "k": 10,
        "media_type": type or None,
        "title": title or None,
        "metadata": dict([label.split("=", 1)]) if "=" in label else {},
        "document_ids": [document] if document else [],
        "created_from": _day(view, "since", since),
        "created_to": _day(view, "until", until, after=1),
        "cursor": cursor or None,
    }
    try:
        asked = Asked.model_validate(given)
    except ValidationError as error:
        raise from_validation(
            [{"loc": ("query", *e["loc"]), "msg": e["msg"]} for e in error.errors(include_input=False)]
        ) from None
    answer = await found(view.deps, view.tenant, asked, view.reads)
    view.shown(answer.hits)
    bare = not answer.hits and await _bare(view)
    hits = [shown(hit) for hit in answer.hits]
    return view.show("library/search.html", found=answer, hits=hits, bare=bare, **facts)


async def _bare(view: View) -> bool:
    """Whether there is no document yet that anything could be found in, as far as the reader may know."""
    if not view.may(Scope.DOCUMENTS_READ):
        return False
    return not (await list_documents(who=view.who, reads=view.reads, limit=1)).items


def place(hit: Hit) -> str:
    """Where a hit stands in its document's text."""
    asked = f"version={hit.version}&chunk={hit.ordinal}&start={hit.start}&end={hit.end}"
    return f"/console/library/documents/{quote(str(hit.document_id))}/text?{asked}#c{hit.ordinal}"


def _day(view: Viewing, name: str, given: str, after: int = 0) -> datetime | None:
    if not given:
        return None
    try:
        day = date.fromisoformat(given) + timedelta(days=after)
    except (ValueError, OverflowError):
        raise from_validation([{"loc": ("query", name), "msg": view.t("library.search.date")}]) from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


PAGES = (
    Page(
        "/library/search",
        "consoleSearch",
        search,
        Scope.SEARCH,
        title="library.search",
        nav=True,
        sample="/library/search?q=what+is+never+lost",
    ),
)
