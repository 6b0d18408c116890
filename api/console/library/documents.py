"""The documents of a tenant, newest first."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from muniment.api.console.page import Page
from muniment.api.console.view import Viewing
from muniment.api.keys import Scope
from muniment.api.paging import listed

STATES = ("indexed", "submitted", "extracted", "chunked", "refused", "failed", "cancelled")
PAGE = 50
Word = Annotated[str, Query(max_length=500)]


async def documents(view: Viewing, q: Word = "", status: Word = "", cursor: Word = "") -> Response:
    """The list, by what is in title or file name, and by state."""
    page = await listed(
        view.reads.documents(
            view.tenant,
            status=status if status in STATES else None,
            media_type=None,
            text=q.replace("\0", "") or None,
            limit=PAGE,
            cursor=cursor or None,
        )
    )
    view.shown(page.items)
    kept = {"q": q, "status": status}
    return view.show("library/documents.html", page=page, kept=kept, cursor=cursor, states=STATES)


PAGES = (
    Page(
        "/library",
        "consoleDocuments",
        documents,
        Scope.DOCUMENTS_READ,
        title="library.documents",
        nav=True,
        sample="/library",
    ),
)
