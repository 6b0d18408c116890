"""From a submission to a command on the log: bytes to the claim check, a data key, the command, the broker's word."""

from dataclasses import dataclass, replace
from uuid import UUID

from muniment.api.access import Principal
from muniment.api.auditing.note import note
from muniment.api.dependencies import Dependencies
from muniment.api.erasures.wired import erasures_of
from muniment.api.idempotency.ids import new_document_id, new_job_id, reserved
from muniment.api.problems.problem import Problem
from muniment.api.publishing import publish, published_before
from muniment.api.submissions.into_projects import open_to, put_in
from muniment.api.submissions.requests import Link, Submission
from muniment.producers.urgency import working_for
from muniment.schemas.commands import CancelJob, DeleteDocument, SubmitDocument, SubmitUrl
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import DocumentEvent
from muniment.schemas.metadata import LANES
from muniment.schemas.record import Position
from muniment.schemas.script_commands import CancelDraft

ERASING_S = 10
"""What `Retry-After` says while a document is being erased: its keys take so long to go everywhere (seconds)."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A command that the broker has confirmed; `joined` is that which puts the document into its project."""

    job_id: UUID
    document_id: UUID | None
    position: Position
    joined: Position | None = None

    @property
    def positions(self) -> tuple[Position, ...]:
        """Where all its commands lie: that which puts it into a project, too."""
        return (self.position,) if self.joined is None else (self.position, self.joined)


async def submit(
    deps: Dependencies, who: Principal, what: Submission | Link, traceparent: str, index: int = 0
) -> Accepted:
    """Take in a document, and put it into the project that it names; see `_submit`. One of an import gives way.

    Raises:
        Problem: `not_found`, `archived` for that project; nothing was accepted then.

    """
    with working_for(what.about.lane):
        async with deps.right_of_way.taken():
            return await _submit_into(deps, who, what, traceparent, index)


async def _submit_into(
    deps: Dependencies, who: Principal, what: Submission | Link, traceparent: str, index: int
) -> Accepted:
    project_id = what.about.project_id
    if project_id is None:
        return await _submit(deps, who, what, traceparent, index)
    if not await published_before(deps, new_job_id(index)):
        await open_to(deps, who, project_id)
    done = await _submit(deps, who, what, traceparent, index)
    assert done.document_id is not None, "a submission is of a document"
    joined = await put_in(deps, who, project_id, done.document_id, traceparent=traceparent, index=index)
    return replace(done, joined=joined)


async def _submit(
    deps: Dependencies, who: Principal, what: Submission | Link, traceparent: str, index: int
) -> Accepted:
    """Store the bytes, then publish `SubmitDocument`; returns once the broker has confirmed it. A link is `SubmitUrl`.

    `index` is the submission's place in its request: with a key, that has the same ids each time it is repeated.

    Bytes go first: a command never names bytes that are not there. If the broker does not confirm, they stay, because
    the command may be on the log all the same.

    Raises:
        StepFailure: `log_unavailable`, `database_unavailable`, `blob_unavailable`, `record_too_large`.
        Problem: `erasure_under_way`, `already_exists`; nothing was accepted.

    """
    job_id, document_id = new_job_id(index), what.about.document_id or new_document_id(index)
    there = await published_before(deps, job_id)
    if there is not None:
        # Stored once more, the bytes would outlive a document that has been deleted since.
        note().repeats(job_id, document_id)
        return Accepted(job_id, document_id, there)
    if what.about.document_id:
        await _of_documents(deps, who, document_id)
    await _not_erasing(deps, who, document_id)
    # A stored document always has its key: made before anything of it is kept.
    await deps.key_ring.create(who.tenant, document_id)
    if what.about.subject:
        # Before the command, too: once it is on the log an erasure of the person finds the document.
        await erasures_of(deps).name(who.tenant, what.about.subject, document_id)
    if isinstance(what, Link):
        await _not_erasing(deps, who, document_id)
        return await _publish(deps, who, _to_fetch(what, document_id), job_id, traceparent)
    blob = await deps.claims.put(who.tenant, document_id, job_id, "original", what.content.pieces())
    command = SubmitDocument(
        document_id=document_id,
        file_name=what.file_name,
        title=what.about.title,
        metadata=what.about.metadata,
        blob=blob.ref,
        size_bytes=blob.size,
        source=what.source,
        lane=what.about.lane,
    )
    try:
        # Once more: storing the bytes may have taken minutes.
        await _not_erasing(deps, who, document_id)
        return await _publish(deps, who, command, job_id, traceparent)
    except (StepFailure, Problem) as error:
        # Of a request with a key a repeat may be under way elsewhere, on the very same claim: the sweep looks after it.
        if error.code is not ErrorCode.LOG_UNAVAILABLE and not reserved():
            await deps.claims.release(who.tenant, document_id, [job_id])
        raise


async def _of_documents(deps: Dependencies, who: Principal, document_id: UUID) -> None:
    """Refuse the id of a project or draft: what is sent would be sealed under its key, and an erasure would take it."""
    others = {} if deps.erasures is None else await deps.erasures.no_documents(who.tenant, [document_id])
    if document_id in others:
        raise Problem("already_exists", f"{document_id} is the id of a {others[document_id]}.")


async def _not_erasing(deps: Dependencies, who: Principal, document_id: UUID) -> None:
    if deps.erasures is not None and await deps.erasures.under_way(who.tenant, document_id):
        detail = "This document is being erased: what is sent for it now would go with it."
        raise Problem("erasure_under_way", detail, headers={"Retry-After": str(ERASING_S)})


def _to_fetch(what: Link, document_id: UUID) -> SubmitUrl:
    return SubmitUrl(
        document_id=document_id,
        url=what.url,
        title=what.about.title,
        metadata=what.about.metadata,
        lane=what.about.lane,
    )


async def delete(deps: Dependencies, who: Principal, document_id: UUID, reason: str, traceparent: str) -> Accepted:
    """Publish `DeleteDocument`; returns once the broker has confirmed it. Raises as `submit`, and `key_destroyed`."""
    return await _publish(deps, who, DeleteDocument(document_id=document_id, reason=reason), new_job_id(), traceparent)


async def cancel(deps: Dependencies, who: Principal, command: CancelJob | CancelDraft, traceparent: str) -> Accepted:
    """Publish the cancellation; returns once the broker has confirmed it. Raises as `submit`, and `key_destroyed`."""
    return await _publish(deps, who, command, new_job_id(), traceparent)


async def _publish(
    deps: Dependencies, who: Principal, command: DocumentEvent | CancelDraft, job_id: UUID, traceparent: str
) -> Accepted:
    # Deleting and cancelling are quick, and somebody waits for them.
    lane = getattr(command, "lane", LANES[0])
    document_id = command.document_id if isinstance(command, DocumentEvent) else None
    about = {"job_id": str(job_id), "document_id" if document_id else "project_id": command.key}
    position = await publish(deps, who, command, job_id, traceparent=traceparent, lane=lane, **about)
    return Accepted(job_id, document_id, position)
