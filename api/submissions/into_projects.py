"""How a submission puts its document into a project."""

from uuid import UUID

from muniment.api.access import Principal
from muniment.api.dependencies import Dependencies
from muniment.api.idempotency.ids import new_job_id
from muniment.api.problems.problem import Problem
from muniment.api.project_reads.answers import Project
from muniment.api.publishing import publish
from muniment.schemas.metadata import LANES
from muniment.schemas.project_commands import ChangeProjectDocuments
from muniment.schemas.record import Position

_BESIDE = 1_000_000
"""Numbers of commands beside those of a request's submissions, which are counted from 0."""


async def there_is(deps: Dependencies, tenant: str, project_id: UUID) -> Project:
    """The tenant's project; the same problem whether it never was, was deleted, or is somebody else's."""
    found = await deps.projects.project(tenant, project_id) if deps.projects else None
    if found is None:
        raise Problem("not_found", "There is no such project.")
    return found


async def open_to(deps: Dependencies, who: Principal, project_id: UUID) -> None:
    """That documents may be submitted into a project.

    Raises:
        Problem: `not_found`, `archived`; nothing was accepted.

    """
    if (await there_is(deps, who.tenant, project_id)).archived:
        raise Problem("archived", "The project is archived: take it up again, or submit without it.")


async def put_in(
    deps: Dependencies, who: Principal, project_id: UUID, document_id: UUID, *, traceparent: str, index: int = 0
) -> Position:
    """Publish that a document which was just accepted goes into a project; the place of that command.

    The same command, under the same id, each time a request with a key is repeated; `index` is that of the submission.
    Its decision is not waited for, as that of the submission is not.
    """
    command = ChangeProjectDocuments(project_id=project_id, added=(document_id,), removed=())
    about = {"project_id": str(project_id), "document_id": str(document_id)}
    command_id = new_job_id(_BESIDE + index)
    return await publish(deps, who, command, command_id, traceparent=traceparent, lane=LANES[0], **about)
