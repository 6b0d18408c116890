"""Routes of the documents of a project."""

from uuid import UUID

from fastapi import APIRouter, Response

from muniment.api.access import Reader, may_write
from muniment.api.paging import Cursor, Limit, listed
from muniment.api.problems.problem import Problem
from muniment.api.project_reads.answers import Project, ProjectDocuments
from muniment.api.projects.changing import Change
from muniment.api.projects.deciding import projects_of
from muniment.api.projects.described import READ_ONE, Then, change_docs, existing, known, known_to_writer
from muniment.api.projects.requests import DocumentsChange
from muniment.api.waiting import caught_up
from muniment.schemas.project_commands import ChangeProjectDocuments

router = APIRouter(prefix="/v1/projects/{project_id}/documents", tags=["projects"])
documents_known = caught_up("documents", may_write)


@router.get(
    "",
    operation_id="listProjectDocuments",
    summary="The documents of a project, the last ones added first",
    responses=READ_ONE,
    dependencies=[known],
)
async def list_documents(
    *, project_id: UUID, deps: Then, who: Reader, limit: Limit = 50, cursor: Cursor = None
) -> ProjectDocuments:
    """Deleted documents stay in it, without a name, until they are taken out."""
    await existing(deps, who, project_id)
    page = await listed(projects_of(deps).documents(who.tenant, project_id, limit=limit, cursor=cursor))
    return ProjectDocuments(items=page.items, next_cursor=page.next_cursor)


@router.post(
    "",
    operation_id="changeProjectDocuments",
    summary="Put documents into a project, and take others out",
    response_model=Project,
    responses=change_docs("archived", "too_many"),
    dependencies=[known_to_writer, documents_known],
)
async def change_documents(*, project_id: UUID, given: DocumentsChange, change: Change) -> Project | Response:
    """All of it or nothing. A document may be in many projects; what is in, or out, already stays so."""
    await existing(change.deps, change.who, project_id)
    unknown = await projects_of(change.deps).unknown(change.who.tenant, given.add)
    if unknown:
        missing = [str(one) for one in unknown]
        raise Problem("not_found", "There is no such document.", extra={"document_ids": missing})
    command = ChangeProjectDocuments(project_id=project_id, added=tuple(given.add), removed=tuple(given.remove))
    return await change.project(command)


@router.delete(
    "/{document_id}",
    operation_id="removeProjectDocument",
    summary="Take a document out of a project",
    response_model=Project,
    responses=change_docs("archived"),
    dependencies=[known_to_writer],
)
async def remove_document(*, project_id: UUID, document_id: UUID, change: Change) -> Project | Response:
    """The document itself stays, and what was written from it, too."""
    command = ChangeProjectDocuments(project_id=project_id, added=(), removed=(document_id,))
    return await change.project(command)
