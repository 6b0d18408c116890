"""Routes of jobs."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from muniment.api import answers
from muniment.api.access import Reader, Writer, may_read, may_write
from muniment.api.as_of import as_of
from muniment.api.dependencies import Deps
from muniment.api.documents import READ, READ_ONE, accepted
from muniment.api.idempotency.ids import new_job_id
from muniment.api.paging import Cursor, Limit, listed
from muniment.api.problems.docs import AWAY, DENIED, problems
from muniment.api.problems.problem import Problem
from muniment.api.publishing import published_before
from muniment.api.reads import Reads
from muniment.api.submissions.docs import accepted_headers
from muniment.api.submissions.submitting import cancel
from muniment.api.texts import Filter
from muniment.api.waiting import caught_up
from muniment.projections.jobs.what import DELETED
from muniment.schemas.commands import CancelJob
from muniment.schemas.script_commands import CancelDraft
from muniment.schemas.topics import COMMANDS_DOCUMENTS, COMMANDS_PROJECTS

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
known = caught_up("jobs", may_read)
known_to_writer = caught_up("jobs", may_write)
AsOf = Annotated[Reads, as_of("jobs")]


_CANCELLABLE = frozenset({"submit", "generate"})


class Cancellation(BaseModel):
    """Why a job is cancelled."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "uploaded by mistake"}]})

    reason: Filter = Field(default="cancelled on request", description="Kept on the log, sealed")


def can_cancel(job: answers.Job) -> bool:
    """Whether cancelling a job can still do anything: see `has_ended`; deletions and cancellations are done at once."""
    return job.kind in _CANCELLABLE and not has_ended(job)


def has_ended(job: answers.Job) -> bool:
    """Whether nothing of a job goes on, comes back or is left over.

    A dead letter makes its job failed at once, but the other batches of the version go on, the letter may be sent
    back, and what was made stays. Of a job whose document was deleted nothing is left.
    """
    return job.ended and (job.state != "failed" or (job.error is not None and job.error.code == DELETED))


@router.get("", operation_id="listJobs", summary="List jobs, newest first", responses=READ, dependencies=[known])
async def list_jobs(
    *,
    who: Reader,
    reads: AsOf,
    state: Annotated[Filter | None, Query(description="Only jobs in this state")] = None,
    document_id: Annotated[UUID | None, Query(description="Only jobs of this document")] = None,
    kind: Annotated[Filter | None, Query(description="Only jobs of this kind", examples=["generate"])] = None,
    project_id: Annotated[UUID | None, Query(description="Only drafts of this project")] = None,
    draft_id: Annotated[UUID | None, Query(description="Only what was done for this draft")] = None,
    job_id: Annotated[
        list[UUID] | None, Query(max_length=100, description="Only these jobs: the cheap way to watch many at once")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> answers.Jobs:
    """With `job_id` the other filters and paging do not apply, and jobs not known yet are left out."""
    if job_id:
        return answers.Jobs(items=await reads.jobs_by_id(who.tenant, job_id), next_cursor=None)
    page = await listed(
        reads.jobs(
            who.tenant,
            state=state,
            document_id=document_id,
            kind=kind,
            project_id=project_id,
            draft_id=draft_id,
            limit=limit,
            cursor=cursor,
        )
    )
    return answers.Jobs(items=page.items, next_cursor=page.next_cursor)


@router.get("/{job_id}", operation_id="getJob", summary="One job", responses=READ_ONE, dependencies=[known])
async def get_job(job_id: UUID, who: Reader, reads: AsOf) -> answers.Job:
    """State, step, progress, attempts, place in the queue, times, tokens and cost."""
    found = await reads.job(who.tenant, job_id)
    if found is None:
        raise Problem("not_found", "There is no such job.")
    return found


@router.post(
    "/{job_id}/cancel",
    status_code=202,
    operation_id="cancelJob",
    summary="Cancel a job",
    responses={
        202: accepted_headers(),
        **READ_ONE,
        **problems(*DENIED, "read_model_behind", "job_ended", "not_cancellable", *AWAY, "key_destroyed"),
    },
    dependencies=[known_to_writer],
)
async def cancel_job(
    *,
    job_id: UUID,
    request: Request,
    response: Response,
    deps: Deps,
    who: Writer,
    why: Annotated[Cancellation | None, Body(examples=[{"reason": "uploaded by mistake"}])] = None,
) -> answers.Accepted:
    """End a submission, or the writing of a draft, before it is done. What it has done so far goes away.

    A job that failed can be cancelled, too: what of it is still under way stops, and its dead letters come to nothing
    when they are sent back. An earlier version stays as it was. The answer names the job of the cancellation itself.
    That is `rejected` with `job_ended` (for a draft `draft_ended`) if the job ended first.
    """
    found = await deps.reads.job(who.tenant, job_id)
    if found is None:
        raise Problem("not_found", "There is no such job.")
    about = found.document_id or found.draft_id
    if found.kind not in _CANCELLABLE or about is None:
        detail = f"The job is of kind `{found.kind}`; only submissions and the writing of drafts can be cancelled."
        raise Problem("not_cancellable", detail)
    topic = (COMMANDS_PROJECTS if found.draft_id else COMMANDS_DOCUMENTS).name
    if has_ended(found) and not await published_before(deps, new_job_id(), topic):
        raise Problem("job_ended", f"The job has ended: {found.state}.", extra={"state": found.state})
    reason = (why or Cancellation()).reason
    command: CancelJob | CancelDraft = CancelJob(document_id=about, job_id=job_id, reason=reason)
    if found.draft_id and found.project_id and found.episode_id:
        command = CancelDraft(
            project_id=found.project_id,
            episode_id=found.episode_id,
            draft_id=found.draft_id,
            job_id=job_id,
            reason=reason,
        )
    return accepted(response, await cancel(deps, who, command, request.state.traceparent))
