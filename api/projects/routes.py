"""Routes of projects. Changes are answered once they are decided."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from muniment.api.access import Reader
from muniment.api.dependencies import Deps
from muniment.api.idempotency.ids import new_document_id
from muniment.api.paging import Cursor, Limit, listed
from muniment.api.problems.problem import Problem
from muniment.api.project_reads.answers import Decision, Project, Projects
from muniment.api.projects.changing import Change
from muniment.api.projects.deciding import projects_of
from muniment.api.projects.described import (
    READ,
    READ_ONE,
    TAGGED,
    Cascade,
    Reason,
    Then,
    change_docs,
    existing,
    known,
    known_to_writer,
)
from muniment.api.projects.matching import IfRevision
from muniment.api.projects.requests import NewProject, ProjectChange
from muniment.api.texts import Filter
from muniment.schemas.project_commands import ArchiveProject, CreateProject, DeleteProject, UpdateProject

router = APIRouter(prefix="/v1/projects", tags=["projects"])
Changed = Project | Response


@router.post(
    "",
    status_code=201,
    operation_id="createProject",
    summary="Begin a project",
    response_model=Project,
    responses=change_docs("already_exists", done=201),
)
async def create_project(given: NewProject, change: Change) -> Changed:
    """Its documents are put in afterwards, or named with it when they are submitted."""
    project_id = new_document_id()
    # What it says of itself is sealed under a key of its own, made before anything is said.
    await change.deps.key_ring.create(change.who.tenant, project_id)
    command = CreateProject(project_id=project_id, title=given.title, description=given.description)
    return await change.project(command)


@router.get(
    "", operation_id="listProjects", summary="List projects, newest first", responses=READ, dependencies=[known]
)
async def list_projects(
    *,
    deps: Then,
    who: Reader,
    archived: Annotated[bool | None, Query(description="Only those that are archived, or that are not")] = None,
    q: Annotated[Filter | None, Query(description="Only projects whose title contains this")] = None,
    document_id: Annotated[UUID | None, Query(description="Only projects that have this document")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Projects:
    """Deleted projects are not listed, as of a moment those that were deleted by then."""
    page = await listed(
        projects_of(deps).projects(
            who.tenant, archived=archived, text=q, document_id=document_id, limit=limit, cursor=cursor
        )
    )
    return Projects(items=page.items, next_cursor=page.next_cursor)


@router.get(
    "/{project_id}",
    operation_id="getProject",
    summary="One project",
    responses={**TAGGED, **READ_ONE},
    dependencies=[known],
)
async def get_project(project_id: UUID, response: Response, deps: Then, who: Reader) -> Project:
    """As it is now, or was as of another moment."""
    found = await existing(deps, who, project_id)
    response.headers["ETag"] = f'"{found.revision}"'
    return found


@router.patch(
    "/{project_id}",
    operation_id="updateProject",
    summary="Change what a project says of itself",
    response_model=Project,
    responses=change_docs("revision_mismatch", "archived"),
    dependencies=[known_to_writer],
)
async def update_project(*, project_id: UUID, given: ProjectChange, change: Change, if_revision: IfRevision) -> Changed:
    """Of two changes made from one reading, with its `ETag` in `If-Match`, one is made and the other answered 412."""
    command = UpdateProject(
        project_id=project_id, if_revision=if_revision, title=given.title, description=given.description
    )
    return await change.project(command)


@router.post(
    "/{project_id}/archive",
    operation_id="archiveProject",
    summary="Put a project away",
    response_model=Project,
    responses=change_docs("revision_mismatch"),
    dependencies=[known_to_writer],
)
async def archive_project(*, project_id: UUID, change: Change, if_revision: IfRevision) -> Changed:
    """It can be read, and nothing in it changed, until it is restored."""
    command = ArchiveProject(project_id=project_id, if_revision=if_revision, archived=True)
    return await change.project(command)


@router.post(
    "/{project_id}/restore",
    operation_id="restoreProject",
    summary="Take an archived project up again",
    response_model=Project,
    responses=change_docs("revision_mismatch"),
    dependencies=[known_to_writer],
)
async def restore_project(*, project_id: UUID, change: Change, if_revision: IfRevision) -> Changed:
    """With everything that is in it."""
    command = ArchiveProject(project_id=project_id, if_revision=if_revision, archived=False)
    return await change.project(command)


@router.delete(
    "/{project_id}",
    status_code=204,
    operation_id="deleteProject",
    summary="Delete a project",
    response_model=None,
    responses=change_docs("revision_mismatch", "not_empty", done=204),
    dependencies=[known_to_writer],
)
async def delete_project(
    *,
    project_id: UUID,
    change: Change,
    if_revision: IfRevision,
    cascade: Cascade = False,
    reason: Reason = "deleted on request",
) -> Response:
    """With `cascade` its episodes and drafts go with it; its documents stay in any case."""
    command = DeleteProject(project_id=project_id, if_revision=if_revision, cascade=cascade, reason=reason)
    return await change.deleted(command)


@router.get(
    "/{project_id}/commands/{command_id}",
    operation_id="getProjectCommand",
    summary="What became of a command",
    responses=READ_ONE,
    dependencies=[known],
)
async def get_command(project_id: UUID, command_id: UUID, deps: Deps, who: Reader) -> Decision:
    """Of one that was answered 202: not found until it is decided."""
    found = await projects_of(deps).decision(who.tenant, command_id)
    if found is None or found.project_id != project_id:
        raise Problem("not_found", "Nothing is known of such a command.")
    return found
