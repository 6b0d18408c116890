"""What the routes of projects share: the problems they answer with, the headers, and the checks before a command."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from muniment.api.access import Principal, may_read, may_write
from muniment.api.as_of import then
from muniment.api.dependencies import Dependencies
from muniment.api.position import HEADER
from muniment.api.problems.docs import AWAY, DENIED, problems
from muniment.api.problems.problem import Problem
from muniment.api.project_reads.answers import Episode, Pending, Project
from muniment.api.projects.deciding import READ_MODEL, projects_of
from muniment.api.submissions.into_projects import there_is
from muniment.api.texts import Filter
from muniment.api.waiting import caught_up

Then = Annotated[Dependencies, then(READ_MODEL, "documents")]
known = caught_up(READ_MODEL, may_read)
known_to_writer = caught_up(READ_MODEL, may_write)
READ = problems(*DENIED, "invalid_request", "read_model_behind", "database_unavailable")
READ_ONE = problems(*DENIED, "not_found", "invalid_request", "read_model_behind", "database_unavailable")
Reason = Annotated[Filter, Query(description="Kept on the log, sealed")]
Cascade = Annotated[bool, Query(description="With everything that is in it; else only if there is nothing")]
_TEXT = {"type": "string"}
_TAG = {"description": "Its revision: send it in `If-Match` with a change", "schema": _TEXT}
_TOKEN = {"description": "Position token: send it with reads that have to see this change", "schema": _TEXT}
TAGGED: dict[int | str, dict[str, Any]] = {200: {"headers": {"ETag": _TAG}}}


def change_docs(*codes: str, done: int = 200) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that is answered after its decision."""
    headers = {HEADER: _TOKEN} if done == 204 else {"ETag": _TAG, HEADER: _TOKEN}  # noqa: PLR2004 - no content
    if done == 201:  # noqa: PLR2004 - created
        headers["Location"] = {"description": "What was made", "schema": _TEXT}
    accepted = {
        "model": Pending,
        "description": "On the log, and not decided in time: `Location` will say what became of it",
        "headers": {"Location": {"description": "What was decided", "schema": _TEXT}, HEADER: _TOKEN},
    }
    told = problems(
        *DENIED, "not_found", "invalid_request", "record_too_large", "key_destroyed", "read_model_behind", *AWAY, *codes
    )
    return {done: {"headers": headers}, 202: accepted, **told}


async def existing(deps: Dependencies, who: Principal, project_id: UUID) -> Project:
    """The tenant's project; the same problem whether it never was, was deleted, or is somebody else's."""
    return await there_is(deps, who.tenant, project_id)


async def existing_episode(deps: Dependencies, who: Principal, project_id: UUID, episode_id: UUID) -> Episode:
    """The project's episode."""
    found = await projects_of(deps).episode(who.tenant, project_id, episode_id)
    if found is None:
        raise Problem("not_found", "There is no such episode.")
    return found
