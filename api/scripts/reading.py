"""Routes that read drafts, what they go back to, and an episode's script with its history."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query

from muniment.api.access import Reader
from muniment.api.documents import existing as existing_document
from muniment.api.documents import known as document_known
from muniment.api.paging import Cursor, Limit, listed
from muniment.api.problems.problem import Problem
from muniment.api.projects.described import READ, READ_ONE, existing_episode
from muniment.api.projects.described import known as project_known
from muniment.api.script_reads import answers as told
from muniment.api.script_reads import rows
from muniment.api.scripts.described import Number, Then, existing, existing_version, known, scripts_of

router = APIRouter(prefix="/v1", tags=["scripts"])
State = Literal["requested", "prompted", "written", "failed", "refused", "cancelled", "discarded", "erased"]


@router.get(
    "/projects/{project_id}/episodes/{episode_id}/drafts",
    operation_id="listDrafts",
    summary="The drafts of an episode, newest first",
    responses=READ_ONE,
    dependencies=[project_known, known],
)
async def list_drafts(
    *,
    project_id: UUID,
    episode_id: UUID,
    deps: Then,
    who: Reader,
    draft_state: Annotated[State | None, Query(description="Only drafts in this state")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> told.Drafts:
    """Without their texts."""
    await existing_episode(deps, who, project_id, episode_id)
    reads = scripts_of(deps)
    page = await listed(reads.drafts(who.tenant, project_id, episode_id, draft_state, limit, cursor))
    return told.Drafts(items=page.items, next_cursor=page.next_cursor)


@router.get(
    "/drafts/{draft_id}", operation_id="getDraft", summary="One draft", responses=READ_ONE, dependencies=[known]
)
async def get_draft(draft_id: UUID, deps: Then, who: Reader) -> told.Draft:
    """Its text, each citation with what it leads to and whether it holds, and what it cost."""
    row, reads = await existing(deps, who, draft_id), scripts_of(deps)
    citations = await reads.citations(who.tenant, draft_id)
    return rows.draft(row, citations, await reads.charges(who.tenant, draft_id))


@router.get(
    "/drafts/{draft_id}/passages/{number}",
    operation_id="getDraftPassage",
    summary="The passage that a mark of a draft means",
    responses=READ_ONE,
    dependencies=[known],
)
async def get_passage(
    draft_id: UUID, number: Annotated[int, Path(ge=0, lt=2**31)], deps: Then, who: Reader
) -> told.Passage:
    """With its text as it was then, also of a version that was replaced; without it once that was erased."""
    await existing(deps, who, draft_id)
    found = await scripts_of(deps).passage(who.tenant, draft_id, number)
    if found is None:
        raise Problem("not_found", "No passage of the draft has this number.")
    return found


@router.get(
    "/drafts/{draft_id}/sources",
    operation_id="listDraftSources",
    summary="The documents that a draft goes back to",
    responses=READ_ONE,
    dependencies=[known],
)
async def list_sources(draft_id: UUID, deps: Then, who: Reader) -> told.Sources:
    """Through all the drafts that it was made from; each says whether search still sees that version."""
    await existing(deps, who, draft_id)
    reads = scripts_of(deps)
    behind = (await reads.lineage(who.tenant, draft_id))[1:]
    return told.Sources(items=await reads.sources(who.tenant, draft_id), drafts=behind)


@router.get(
    "/documents/{document_id}/scripts",
    operation_id="listDocumentScripts",
    summary="The drafts that go back to a document, newest first",
    responses=READ_ONE,
    dependencies=[document_known, known],
)
async def list_document_scripts(
    *, document_id: UUID, deps: Then, who: Reader, limit: Limit = 50, cursor: Cursor = None
) -> told.DocumentScripts:
    """Which scripts used it: also of a version that was replaced, deleted or erased, which each entry says."""
    page = await listed(scripts_of(deps).scripts_of(who.tenant, document_id, limit, cursor))
    if not page.items and cursor is None:
        # Of a document that is gone the scripts are still told; one that never was is not there.
        await existing_document(deps.reads, who.tenant, document_id)
    return told.DocumentScripts(items=page.items, next_cursor=page.next_cursor)


@router.get(
    "/projects/{project_id}/episodes/{episode_id}/script",
    operation_id="getScript",
    summary="An episode's script",
    responses=READ_ONE,
    dependencies=[project_known, known],
)
async def get_script(
    *, project_id: UUID, episode_id: UUID, deps: Then, who: Reader, number: Number = None
) -> told.Script:
    """The version that counts, or an older one."""
    version = await existing_version(deps, who, project_id, episode_id, number)
    draft = await existing(deps, who, version.draft_id)
    return rows.script(version, draft.draft.text, await scripts_of(deps).citations(who.tenant, version.draft_id))


@router.get(
    "/projects/{project_id}/episodes/{episode_id}/history",
    operation_id="listScriptVersions",
    summary="The versions of an episode's script, newest first",
    responses={**READ, **READ_ONE},
    dependencies=[project_known, known],
)
async def list_versions(
    *, project_id: UUID, episode_id: UUID, deps: Then, who: Reader, limit: Limit = 50, cursor: Cursor = None
) -> told.ScriptVersions:
    """Who committed which draft, and when."""
    await existing_episode(deps, who, project_id, episode_id)
    page = await listed(scripts_of(deps).versions(who.tenant, project_id, episode_id, limit, cursor))
    return told.ScriptVersions(items=page.items, next_cursor=page.next_cursor)
