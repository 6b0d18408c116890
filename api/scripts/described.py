"""What the routes of drafts and scripts share: the checks before a command or an answer, and what they tell of it."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from muniment.api.access import Principal, may_read, may_write
from muniment.api.as_of import then
from muniment.api.dependencies import Dependencies
from muniment.api.position import HEADER
from muniment.api.problems.problem import Problem
from muniment.api.script_reads.port import ScriptReads
from muniment.api.waiting import caught_up
from muniment.projections.scripts.queries import DraftRow, VersionRow
from muniment.schemas.error_codes import ErrorCode

READ_MODEL = "scripts"
Then = Annotated[Dependencies, then(READ_MODEL, "projects", "documents")]
known = caught_up(READ_MODEL, may_read)
known_to_writer = caught_up(READ_MODEL, may_write)
Number = Annotated[int | None, Query(ge=1, lt=2**31, description="Which version; the last one without it")]
_TEXT = {"type": "string"}
ACCEPTED: dict[int | str, dict[str, Any]] = {
    202: {
        "description": "On the log",
        "headers": {
            "Location": {"description": "The job", "schema": _TEXT},
            HEADER: {"description": "Position token: send it with reads that have to see this change", "schema": _TEXT},
        },
    }
}


def scripts_of(deps: Dependencies) -> ScriptReads:
    """What is read of drafts and scripts."""
    if deps.scripts is None:
        raise Problem("not_found", "This API was made without scripts.")
    return deps.scripts


async def existing(deps: Dependencies, who: Principal, draft_id: UUID) -> DraftRow:
    """The tenant's draft; the same problem whether it never was, is deleted, or is somebody else's."""
    found = await scripts_of(deps).draft(who.tenant, draft_id)
    if found is None:
        raise Problem("not_found", "There is no such draft.")
    return found


async def with_text(deps: Dependencies, who: Principal, draft_id: UUID) -> tuple[DraftRow, str]:
    """The tenant's draft, and its text.

    Raises:
        Problem: `not_found`; `key_destroyed` of one that was erased; `draft_not_ready` of one that has no text.

    """
    row = await existing(deps, who, draft_id)
    # As of a moment before that it was in another state, and what it said is not there any more either.
    if row.draft.state == "erased" or row.draft.erased_at is not None:
        raise erased()
    if row.draft.text is None:
        raise Problem("draft_not_ready", f"The draft is {row.draft.state}: it has no text.")
    return row, row.draft.text


async def existing_version(
    deps: Dependencies, who: Principal, project_id: UUID, episode_id: UUID, number: int | None
) -> VersionRow:
    """A version of an episode's script."""
    found = await scripts_of(deps).version(who.tenant, project_id, episode_id, number)
    if found is None:
        raise Problem("not_found", "The episode has no script, or no such version of it.")
    return found


def erased() -> Problem:
    """What was asked for went back to a document that had to be forgotten."""
    return Problem(ErrorCode.KEY_DESTROYED, "The draft went with a document that was erased: nobody can read it.")
