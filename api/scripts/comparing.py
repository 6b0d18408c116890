"""Routes that hold drafts against one another: what differs, and what two people's changes come to together."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response

from muniment.api.access import Reader
from muniment.api.dependencies import Deps
from muniment.api.problems.docs import problems
from muniment.api.problems.problem import Problem
from muniment.api.projects.described import READ_ONE
from muniment.api.script_reads import answers as told
from muniment.api.script_reads import rows
from muniment.api.scripts.described import known, scripts_of, with_text
from muniment.api.scripts.differing import hunks, unified
from muniment.api.scripts.merging import Granularity, merge, merged

router = APIRouter(prefix="/v1/drafts", tags=["scripts"])
UNIFIED = "text/x-diff"
_COMPARED = {**READ_ONE, **problems("draft_not_ready", "key_destroyed", "nothing_to_compare")}


@router.get(
    "/{draft_id}/diff",
    operation_id="compareDrafts",
    summary="What differs between a draft and another one",
    response_model=told.Difference,
    responses={
        200: {"content": {UNIFIED: {"schema": {"type": "string"}}}, "description": "As hunks, or as a unified diff"},
        **_COMPARED,
    },
    dependencies=[known],
)
async def compare_drafts(
    *,
    draft_id: UUID,
    deps: Deps,
    who: Reader,
    against: Annotated[UUID | None, Query(description="The older one; else the one that it was made from")] = None,
    format: Annotated[Literal["hunks", "unified"] | None, Query()] = None,  # noqa: A002 - what callers call it
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> told.Difference | Response:
    """By lines, and within changed lines by words; as `text/x-diff` for `patch`, where that is asked for.

    What would take too long to compare is shown as replaced as a whole, and its hunk says so (`unmatched`).
    """
    row, new = await with_text(deps, who, draft_id)
    other = against or row.draft.based_on
    if other is None:
        raise Problem("nothing_to_compare", "The draft was made from no other one: name one in `against`.")
    _, old = await with_text(deps, who, other)
    if format == "unified" or (format is None and UNIFIED in accept):
        text = await asyncio.to_thread(unified, old, new, f"{other}.txt", f"{draft_id}.txt")
        return Response(text, media_type=f"{UNIFIED}; charset=utf-8")
    found = await asyncio.to_thread(_answer, old, new)
    return told.Difference(old=other, new=draft_id, hunks=found)


def _answer(old: str, new: str) -> list[told.Hunk]:
    """Off the loop, all of it: of long texts these are many pieces."""
    return [told.Hunk.model_validate(asdict(one)) for one in hunks(old, new)]


@router.get(
    "/{draft_id}/merge",
    operation_id="mergeDrafts",
    summary="Two drafts put together over the one that both come from",
    responses=_COMPARED,
    dependencies=[known],
)
async def merge_drafts(
    *,
    draft_id: UUID,
    theirs: Annotated[UUID, Query(description="The other one")],
    deps: Deps,
    who: Reader,
    base: Annotated[UUID | None, Query(description="What both were made from; else the nearest such draft")] = None,
    granularity: Annotated[
        Granularity, Query(description="Whether changes of one line are looked at by words")
    ] = "word",
) -> told.Merge:
    """Nothing is written: `text`, or what a person makes of the conflicts, is sent to `revise`."""
    _, yours_text = await with_text(deps, who, draft_id)
    _, theirs_text = await with_text(deps, who, theirs)
    reads = scripts_of(deps)
    found = base or rows.common(await reads.lineage(who.tenant, draft_id), await reads.lineage(who.tenant, theirs))
    if found is None:
        raise Problem("nothing_to_compare", "The two drafts have nothing in common: name a `base`.")
    _, base_text = await with_text(deps, who, found)
    regions = await asyncio.to_thread(merge, base_text, theirs_text, yours_text, granularity)
    return told.Merge(
        base=found,
        theirs=theirs,
        yours=draft_id,
        conflicts=sum(region.kind == "conflict" for region in regions),
        text=merged(regions),
        regions=[told.Region.model_validate(asdict(region)) for region in regions],
    )
