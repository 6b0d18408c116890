"""Routes that have drafts written, change them, and settle which one counts."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from muniment.api.access import Principal, Writer
from muniment.api.dependencies import Dependencies, Deps
from muniment.api.idempotency.ids import new_document_id, new_job_id
from muniment.api.position import HEADER, to_token
from muniment.api.project_reads.answers import Pending
from muniment.api.projects.deciding import Decided, decided, pending, seen
from muniment.api.projects.described import change_docs, existing_episode
from muniment.api.projects.described import known_to_writer as project_known
from muniment.api.projects.matching import IfRevision
from muniment.api.script_reads import answers as told
from muniment.api.script_reads import rows
from muniment.api.scripts.described import (
    ACCEPTED,
    READ_MODEL,
    erased,
    existing,
    existing_version,
    known_to_writer,
    scripts_of,
    with_text,
)
from muniment.api.scripts.noted import noted
from muniment.api.scripts.requests import Discard, NewDraft, Restore, Revision
from muniment.schemas.metrics import COMMIT_POSITIVE
from muniment.schemas.project_commands import ANY_REVISION
from muniment.schemas.script_commands import CommitDraft, DiscardDraft, GenerateDraft, ReviseDraft

router = APIRouter(prefix="/v1", tags=["scripts"])
Settled = told.ScriptVersion | Pending


@router.post(
    "/projects/{project_id}/episodes/{episode_id}/drafts",
    status_code=202,
    operation_id="generateDraft",
    summary="Have a draft of an episode's script written",
    response_model=told.DraftAccepted,
    responses={**change_docs("archived", "not_in_project", "too_many", "already_exists"), **ACCEPTED},
    dependencies=[project_known],
)
async def generate_draft(
    *,
    project_id: UUID,
    episode_id: UUID,
    given: NewDraft,
    request: Request,
    response: Response,
    deps: Deps,
    who: Writer,
) -> told.DraftAccepted:
    """From the project's documents, with citations. The job tells how far it is, its stream the text as it comes."""
    episode = await existing_episode(deps, who, project_id, episode_id)
    draft_id, job_id = new_document_id(), new_job_id()
    # Everything that it will say is sealed under a key of its own, made before anything is said.
    await deps.key_ring.create(who.tenant, draft_id)
    command = GenerateDraft(
        project_id=project_id,
        episode_id=episode_id,
        draft_id=draft_id,
        brief=given.brief.strip() or episode.brief,
        template=given.template,
        language=given.language,
        max_tokens=given.max_tokens,
        temperature=given.temperature,
        seed=given.seed,
        document_ids=tuple(dict.fromkeys(given.document_ids)),
    )
    done = await decided(deps, who, command, request.state.traceparent, command_id=job_id, also=(READ_MODEL,))
    token = to_token([done.position])
    response.headers["Location"] = f"/v1/jobs/{job_id}"
    response.headers[HEADER] = token
    return told.DraftAccepted(job_id=job_id, draft_id=draft_id, position=token)


@router.post(
    "/drafts/{draft_id}/revise",
    status_code=201,
    operation_id="reviseDraft",
    summary="Put a text that a person has written beside the draft that it was made from",
    response_model=told.Draft,
    responses=change_docs("archived", "draft_not_ready", "too_many", "already_exists", done=201),
    dependencies=[known_to_writer],
)
async def revise_draft(
    *, draft_id: UUID, given: Revision, request: Request, response: Response, deps: Deps, who: Writer
) -> told.Draft | Pending | Response:
    """A draft never changes: this makes another one. Its citations are checked anew, a moment later."""
    row, _ = await with_text(deps, who, draft_id)
    base = row.draft
    await noted(deps, who, row)
    revised = new_document_id()
    await deps.key_ring.create(who.tenant, revised)
    if deps.draft_sources and not await deps.draft_sources.inherit(who.tenant, revised, draft_id):
        raise erased()
    command = ReviseDraft(
        project_id=base.project_id, episode_id=base.episode_id, draft_id=revised, based_on=draft_id, text=given.text
    )
    done = await decided(deps, who, command, request.state.traceparent, also=(READ_MODEL,))
    response.headers["Location"] = f"/v1/drafts/{revised}"
    if done.decision is None:
        return pending(done)
    seen(response, done)
    row = await existing(deps, who, revised)
    # What a person wrote cost no model's tokens.
    return rows.draft(row, await scripts_of(deps).citations(who.tenant, revised), [])


@router.post(
    "/drafts/{draft_id}/commit",
    operation_id="commitDraft",
    summary="Let a draft be the episode's script",
    response_model=told.ScriptVersion,
    responses=change_docs("archived", "draft_not_ready", "revision_mismatch"),
    dependencies=[known_to_writer],
)
async def commit_draft(
    *, draft_id: UUID, request: Request, response: Response, deps: Deps, who: Writer, if_revision: IfRevision
) -> Settled | Response:
    """As its next version. `If-Match` is of the episode: of two who commit from one reading, one is answered 412."""
    row = await existing(deps, who, draft_id)
    await noted(deps, who, row)
    where = row.draft.project_id, row.draft.episode_id
    return await _commit(deps, who, request, response, where=where, draft_id=draft_id, if_revision=if_revision)


@router.post(
    "/projects/{project_id}/episodes/{episode_id}/script/restore",
    operation_id="restoreScript",
    summary="Let an older version of the script count again",
    response_model=told.ScriptVersion,
    responses=change_docs("archived", "draft_not_ready", "revision_mismatch"),
    dependencies=[known_to_writer],
)
async def restore_script(
    *,
    project_id: UUID,
    episode_id: UUID,
    given: Restore,
    request: Request,
    response: Response,
    deps: Deps,
    who: Writer,
    if_revision: IfRevision,
) -> Settled | Response:
    """Its draft is committed once more: nothing is taken back, the history goes on."""
    version = await existing_version(deps, who, project_id, episode_id, given.number)
    where = project_id, episode_id
    return await _commit(deps, who, request, response, where=where, draft_id=version.draft_id, if_revision=if_revision)


@router.post(
    "/drafts/{draft_id}/discard",
    operation_id="discardDraft",
    summary="Put a draft away",
    response_model=told.DraftSummary,
    responses=change_docs("archived", "draft_not_ready", "draft_committed"),
    dependencies=[known_to_writer],
)
async def discard_draft(
    *, draft_id: UUID, given: Discard, request: Request, response: Response, deps: Deps, who: Writer
) -> told.DraftSummary | Pending | Response:
    """It stays readable; one that is, or was, the episode's script is not put away."""
    row = await existing(deps, who, draft_id)
    await noted(deps, who, row)
    draft = row.draft
    command = DiscardDraft(
        project_id=draft.project_id, episode_id=draft.episode_id, draft_id=draft_id, reason=given.reason
    )
    done = await decided(deps, who, command, request.state.traceparent, also=(READ_MODEL,))
    if done.decision is None:
        return pending(done)
    seen(response, done)
    return rows.summary(await existing(deps, who, draft_id))


async def _commit(
    deps: Dependencies,
    who: Principal,
    request: Request,
    response: Response,
    *,
    where: tuple[UUID, UUID],
    draft_id: UUID,
    if_revision: int = ANY_REVISION,
) -> Settled | Response:
    project_id, episode_id = where
    command = CommitDraft(project_id=project_id, episode_id=episode_id, draft_id=draft_id, if_revision=if_revision)
    done: Decided = await decided(deps, who, command, request.state.traceparent, also=(READ_MODEL,))
    if done.decision is None:
        return pending(done)
    if done.changed:
        COMMIT_POSITIVE.inc()
    version = await existing_version(deps, who, project_id, episode_id, None)
    seen(response, done, version.revision)
    return rows.version(version)
