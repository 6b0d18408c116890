"""Routes of dead letters: reading them. What is done with them is in `doing`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from muniment.api import answers
from muniment.api.access import Principal, Reader, may_read
from muniment.api.dead_letters.requests import LETTER_PATTERN, Status
from muniment.api.dependencies import Deps
from muniment.api.documents import READ, READ_ONE
from muniment.api.keys import Scope
from muniment.api.operation_reads import answers as told
from muniment.api.paging import Cursor, Limit, listed
from muniment.api.problems.problem import Problem
from muniment.api.texts import Filter
from muniment.api.times import Time
from muniment.api.waiting import caught_up
from muniment.projections.dead_letters.queries import DeadLetterFilter

router = APIRouter(prefix="/v1/dead-letters", tags=["dead letters"])
known = caught_up("dead_letters", may_read)
LetterPath = Annotated[str, Path(pattern=LETTER_PATTERN, examples=["3-42"])]


def tenants_of(who: Principal) -> list[str]:
    """Whose letters a caller sees: their tenant's; operators also those of records that name no tenant."""
    operator = bool({Scope.OPERATE, Scope.ADMIN} & who.scopes)
    return [who.tenant, ""] if operator else [who.tenant]


def _wanted(
    *,
    step: Annotated[Filter | None, Query()] = None,
    code: Annotated[Filter | None, Query()] = None,
    category: Annotated[Filter | None, Query()] = None,
    fingerprint: Annotated[Filter | None, Query()] = None,
    status: Annotated[Status | None, Query()] = None,
    document_id: Annotated[UUID | None, Query()] = None,
    job_id: Annotated[UUID | None, Query()] = None,
    since: Annotated[Time | None, Query(alias="from", description="Buried then or later")] = None,
    until: Annotated[Time | None, Query(alias="to", description="Buried before that")] = None,
) -> DeadLetterFilter:
    return DeadLetterFilter(
        step=step,
        code=code,
        category=category,
        fingerprint=fingerprint,
        document_id=document_id,
        job_id=job_id,
        statuses=(status,) if status else None,
        since=since,
        until=until,
    )


Wanted = Annotated[DeadLetterFilter, Depends(_wanted)]


@router.get(
    "", operation_id="listDeadLetters", summary="List dead letters, newest first", responses=READ, dependencies=[known]
)
async def list_dead_letters(
    *, deps: Deps, who: Reader, wanted: Wanted, limit: Limit = 50, cursor: Cursor = None
) -> answers.DeadLetters:
    """Records that no retry can help, and what became of each."""
    page = await listed(deps.reads.dead_letters(tenants_of(who), wanted, limit=limit, cursor=cursor))
    return answers.DeadLetters(items=page.items, next_cursor=page.next_cursor)


@router.get(
    "/groups",
    operation_id="listDeadLetterGroups",
    summary="Dead letters by cause",
    responses=READ,
    dependencies=[known],
)
async def list_groups(*, deps: Deps, who: Reader, wanted: Wanted) -> told.DeadLetterGroups:
    """At most 200 groups, the one with the newest letter first.

    A group that the running version has added nothing to is `gone_since_version`: what caused it may be mended.
    """
    return told.DeadLetterGroups(items=await deps.reads.dead_letter_groups(tenants_of(who), wanted))


@router.get(
    "/{dead_letter_id}",
    operation_id="getDeadLetter",
    summary="One dead letter",
    responses=READ_ONE,
    dependencies=[known],
)
async def get_dead_letter(dead_letter_id: LetterPath, deps: Deps, who: Reader) -> answers.DeadLetter:
    """Where it came from, why it failed, how often it was tried, and what became of it."""
    return await existing_letter(deps, who, dead_letter_id)


async def existing_letter(deps: Deps, who: Principal, dead_letter_id: str) -> answers.DeadLetter:
    """The caller's dead letter; the same problem whether it never was or is somebody else's."""
    found = await deps.reads.dead_letter(tenants_of(who), dead_letter_id)
    if found is None:
        raise Problem("not_found", "There is no such dead letter.")
    return found
