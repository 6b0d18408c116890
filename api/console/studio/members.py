"""The documents of a project: choosing those that go in, and taking others out."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from muniment.api.console.checking import checked
from muniment.api.console.studio import addresses
from muniment.api.console.studio.forms import changing, sent, toast_of
from muniment.api.console.view import Viewing
from muniment.api.documents import list_documents
from muniment.api.projects import members as routes
from muniment.api.projects.deciding import projects_of
from muniment.api.projects.described import existing
from muniment.api.projects.requests import DocumentsChange

SHOWN = 50
MEMBERS = 200
PAGES_MOST = 5
Word = Annotated[str, Query(max_length=500)]


async def choose(view: Viewing, project_id: UUID, q: Word = "", cursor: Word = "") -> Response:
    """The documents of the Library to choose from; those that are in already are said to be."""
    project = await existing(view.deps, view.who, project_id)
    page = await list_documents(
        who=view.who, reads=view.reads, q=q.replace("\0", "").strip() or None, limit=SHOWN, cursor=cursor or None
    )
    view.shown(page.items)
    inside = await _members(view, project_id)
    return view.show(
        "studio/choose_documents.html", project=project, page=page, inside=inside, kept={"q": q}, cursor=cursor
    )


async def change(view: Viewing, project_id: UUID) -> Response:
    """Put in what was ticked (`add`), take out what was named (`remove`)."""
    form = await sent(view)
    add, remove = form.ids("add"), form.ids("remove")
    if not add and not remove:
        return view.go(f"{addresses.project(project_id)}/documents", toast="studio_nothing_chosen")
    with checked():
        given = DocumentsChange(add=add, remove=remove)
    answer = await routes.change_documents(
        project_id=project_id,
        given=given,
        change=changing(view),
    )
    toast = "studio_documents_added" if add else "studio_document_removed"
    return view.go(addresses.project(project_id), toast=toast_of(answer, toast))


async def _members(view: Viewing, project_id: UUID) -> set[UUID]:
    """The documents that are in it already, as far as they are worth marking: to put one in twice does no harm."""
    found, cursor = set[UUID](), None
    for _ in range(PAGES_MOST):
        page = await projects_of(view.deps).documents(view.tenant, project_id, limit=MEMBERS, cursor=cursor)
        found |= {one.document_id for one in page.items}
        cursor = page.next_cursor
        if cursor is None:
            break
    return found
