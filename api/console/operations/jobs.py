"""Pages of jobs: which there are, where each is, which wait for a retry; and cancelling one."""

from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from muniment.api import jobs
from muniment.api.answers import Job, Jobs
from muniment.api.console.checking import checked
from muniment.api.console.operations.acts import sent
from muniment.api.console.page import ROOT
from muniment.api.console.view import View, Viewing
from muniment.api.jobs import Cancellation
from muniment.api.keys import Scope
from muniment.api.pages import Page
from muniment.api.paging import Cursor, listed
from muniment.api.position import from_token
from muniment.api.problems.problem import Problem
from muniment.api.waiting import not_behind

JOBS = f"{ROOT}/operations/jobs"
STATES = ("queued", "running", "waiting_retry", "succeeded", "refused", "rejected", "failed", "cancelled")
LIMIT = 50
CANCEL_WAIT_S = 4.0
State = Annotated[str, Query(max_length=40)]
Search = Annotated[str, Query(max_length=100)]


async def show_jobs(view: Viewing, state: State = "", q: Search = "", cursor: Cursor = None) -> Response:
    """Jobs, newest first; the first page follows what happens."""
    return view.show("operations/jobs.html", **await _jobs(view, state, q, cursor))


async def job_rows(view: Viewing, state: State = "", q: Search = "", cursor: Cursor = None) -> Response:
    """The table of that page alone, for its script."""
    return view.show("operations/job_rows.html", **await _jobs(view, state, q, cursor))


async def _jobs(view: View, state: str, q: str, cursor: str | None) -> dict[str, Any]:
    """What was asked for: by state, or the one job, or all jobs of the one document, whose id was given."""
    page, bad = await found(view, state, q, cursor)
    overview = view.deps.overview
    still = await overview.still_open(view.tenant) if overview else []
    return {
        "page": page, "state": state, "q": q, "bad": bad, "states": STATES, "still_open": still, "cursor": cursor,
    }  # fmt: skip


async def found(view: View, state: str, q: str, cursor: str | None) -> tuple[Jobs, bool]:
    """The jobs that were asked for, and whether what was asked for is no id."""
    identity = q.strip()
    if not identity:
        page = await jobs.list_jobs(who=view.who, reads=view.reads, state=state or None, limit=LIMIT, cursor=cursor)
        return page, False
    try:
        wanted = UUID(identity)
    except ValueError:
        return Jobs(items=[], next_cursor=None), True
    if cursor is None:
        one = await view.reads.job(view.tenant, wanted)
        if one is not None:
            return Jobs(items=[one], next_cursor=None), False
    return await jobs.list_jobs(
        who=view.who, reads=view.reads, state=state or None, document_id=wanted, limit=LIMIT, cursor=cursor
    ), False


async def show_job(view: Viewing, job_id: UUID) -> Response:
    """One job: its state, how far it is, what it cost, why it waits or ended, and the form that cancels it."""
    job = await jobs.get_job(job_id, view.who, view.reads)
    return view.show("operations/job.html", **_job(view, job))


async def job_state(view: Viewing, job_id: UUID) -> Response:
    """The state of that page alone, for its script."""
    job = await jobs.get_job(job_id, view.who, view.reads)
    return view.show("operations/job_state.html", **_job(view, job))


def _job(view: View, job: Job) -> dict[str, Any]:
    return {"job": job, "can_cancel": jobs.can_cancel(job) and view.who.allows(Scope.DOCUMENTS_WRITE)}


async def cancel(view: Viewing, job_id: UUID) -> Response:
    """End a job before it is done, and go back to it."""
    with checked():
        why = Cancellation(reason=(await sent(view)).get("reason", ""))
    try:
        done = await jobs.cancel_job(
            job_id=job_id, request=view.request, response=Response(), deps=view.deps, who=view.who, why=why
        )
    except Problem as problem:
        if problem.code != "job_ended":
            raise
        return view.go(f"{JOBS}/{job_id}", toast="ended_before")
    with suppress(Problem):  # the page follows the job in any case
        await not_behind(view.deps, "jobs", from_token(done.position), CANCEL_WAIT_S)
    return view.go(f"{JOBS}/{job_id}", toast="cancel_asked")


async def show_retries(view: Viewing, cursor: Cursor = None) -> Response:
    """Jobs that wait for a retry, the next one due first, and what waits behind them."""
    overview = view.deps.overview
    page = await listed(overview.due(view.tenant, limit=LIMIT, cursor=cursor)) if overview else Page([], None)
    parked = await overview.parked() if overview and view.who.allows(Scope.OPERATE) else []
    template = "operations/waiting.html" if view.partial else "operations/retries.html"
    return view.show(template, page=page, parked=parked, cursor=cursor)
