"""One document: what is known of it, its versions and jobs, and what can be done with it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from muniment.api.answers import Document, Version
from muniment.api.console.page import ROOT, Page, action
from muniment.api.console.view import View, Viewing
from muniment.api.dead_letters.doing import redrive
from muniment.api.dead_letters.requests import Redriving, Selection
from muniment.api.documents import existing
from muniment.api.jobs import can_cancel, cancel_job
from muniment.api.keys import Scope
from muniment.api.operations.ordering import Ordering
from muniment.api.problems.problem import Problem
from muniment.api.submissions.requests import Description, Submission
from muniment.api.submissions.submitting import Accepted, delete, submit
from muniment.api.waiting import not_behind
from muniment.producers.blobs import BlobStore

JOBS = 20
RETRIABLE = frozenset({"failed", "refused"})
_PATH = "/library/documents/{document_id}"


@dataclass(frozen=True, slots=True)
class StoredContent:
    """The bytes of a document that are stored already."""

    blobs: BlobStore
    tenant: str
    ref: str

    def pieces(self) -> AsyncIterator[bytes]:
        """See `Content.pieces`."""
        return self.blobs.open(self.tenant, self.ref)


async def document(view: Viewing, document_id: UUID) -> Response:
    """The page of a document."""
    found = await existing(view.reads, view.tenant, document_id)
    versions = await view.reads.versions(view.tenant, document_id)
    jobs = await view.reads.jobs(view.tenant, state=None, document_id=document_id, limit=JOBS, cursor=None)
    view.shown([found, *versions])
    newest = versions[0] if versions else None
    return view.show(
        "library/document.html",
        document=found,
        versions=versions,
        jobs=jobs.items,
        can_cancel=can_cancel,
        trouble=newest if newest and newest.status in RETRIABLE else None,
    )


async def remove(view: Viewing, document_id: UUID) -> Response:
    """Delete a document with all its versions."""
    await existing(view.reads, view.tenant, document_id)
    reason = view.t("library.document.reason")
    done = await delete(view.deps, view.who, document_id, reason, view.traceparent)
    await _seen(view, done)
    return view.go(f"{ROOT}/library", toast="deleting")


async def retry(view: Viewing, document_id: UUID) -> Response:
    """Try again what failed: an operator sends its dead letters back, anybody else submits the same bytes once more."""
    found = await existing(view.reads, view.tenant, document_id)
    versions = await view.reads.versions(view.tenant, document_id)
    if not versions or versions[0].status not in RETRIABLE:
        raise Problem("nothing_to_retry", "Its newest version has neither failed nor been refused.")
    if not await _redriven(view, document_id):
        await _seen(view, await _submitted_again(view, found, versions[0]))
    return view.go(f"{ROOT}/library/documents/{document_id}", toast="retrying")


async def cancel(view: Viewing, document_id: UUID, job_id: UUID) -> Response:
    """Cancel a job of a document."""
    here, response = f"{ROOT}/library/documents/{document_id}", Response()
    try:
        await cancel_job(job_id=job_id, request=view.request, response=response, deps=view.deps, who=view.who, why=None)
    except Problem as problem:
        if problem.code != "job_ended":
            raise
        return view.go(here, toast="ended_before")
    return view.go(here, toast="cancelling")


async def _redriven(view: View, document_id: UUID) -> bool:
    if not view.may(Scope.OPERATE):
        return False
    given = Redriving(selection=Selection(document_id=document_id), reason="tried again in the console")
    try:
        order = Ordering(view.request, Response(), view.deps, view.who)
        await redrive(given=given, deps=view.deps, who=view.who, order=order)
    except Problem as problem:
        if problem.code == "nothing_selected":
            return False
        raise
    return True


async def _submitted_again(view: View, found: Document, version: Version) -> Accepted:
    stored = await view.reads.stored(view.tenant, found.document_id, version.version)
    if stored is None or stored.size_bytes is None:
        raise Problem("blob_missing", "The bytes of this version are not stored any more.")
    about = Description(document_id=found.document_id, title=version.title, metadata=found.metadata)
    content = StoredContent(view.deps.claims.blobs, view.tenant, stored.ref)
    again = Submission(content, stored.file_name, "upload", about)
    return await submit(view.deps, view.who, again, view.traceparent)


async def _seen(view: View, done: Accepted) -> None:
    """Wait until the page that comes next shows the change; when that takes long, it comes without."""
    try:
        await not_behind(view.deps, "documents", [done.position])
    except Problem as problem:
        if problem.code != "read_model_behind":
            raise


PAGES = (
    Page(
        _PATH,
        "consoleDocument",
        document,
        Scope.DOCUMENTS_READ,
        title="library.document",
        sample="/library/documents/{document_id}",
    ),
    action(f"{_PATH}/delete", "consoleDeleteDocument", remove, Scope.DOCUMENTS_WRITE),
    action(f"{_PATH}/retry", "consoleRetryDocument", retry, Scope.DOCUMENTS_WRITE),
    action(f"{_PATH}/jobs/{{job_id}}/cancel", "consoleCancelDocumentJob", cancel, Scope.DOCUMENTS_WRITE),
)
