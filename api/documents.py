"""Routes of documents."""

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from muniment.api import answers
from muniment.api.access import Reader, Writer, may_read, may_write
from muniment.api.as_of import as_of
from muniment.api.dependencies import Deps
from muniment.api.idempotency.ids import new_job_id
from muniment.api.paging import Cursor, Limit, listed
from muniment.api.position import HEADER, to_token
from muniment.api.problems.docs import AWAY, DENIED, problems
from muniment.api.problems.problem import Problem
from muniment.api.publishing import published_before
from muniment.api.reads import Reads
from muniment.api.submissions.docs import BATCH_BODY, SUBMIT_BODY, accepted_headers
from muniment.api.submissions.many import submit_many
from muniment.api.submissions.submitting import Accepted, delete, submit
from muniment.api.submissions.uploads import submissions
from muniment.api.texts import Filter
from muniment.api.waiting import caught_up

READ = problems(*DENIED, "invalid_request", "read_model_behind", *AWAY)
READ_ONE = problems(*DENIED, "not_found", "invalid_request", "read_model_behind", *AWAY)
_BODY = ("payload_too_large", "too_large", "unsupported_media_type", "invalid_request", "missing_file", "empty_upload")
_BLOBS = ("blob_unavailable", "breaker_open", "disk_full")
_WRITE = (*DENIED, *_BODY, *AWAY, "not_found", "archived", "already_exists", "erasure_under_way", *_BLOBS)
router = APIRouter(prefix="/v1/documents", tags=["documents"])
known = caught_up("documents", may_read)
known_to_writer = caught_up("documents", may_write)
AsOf = Annotated[Reads, as_of("documents", "projects")]


def accepted(response: Response, done: Accepted) -> answers.Accepted:
    """The answer to a command that the broker has confirmed."""
    token = to_token(done.positions)
    response.headers["Location"] = f"/v1/jobs/{done.job_id}"
    response.headers[HEADER] = token
    return answers.Accepted(job_id=done.job_id, document_id=done.document_id, position=token)


@router.post(
    "",
    status_code=202,
    operation_id="submitDocument",
    summary="Submit a document, as a file, as text or by its address",
    responses={202: accepted_headers(), **problems(*_WRITE)},
    openapi_extra=SUBMIT_BODY,
)
async def submit_document(request: Request, response: Response, deps: Deps, who: Writer) -> answers.Accepted:
    """Accepted once the log has confirmed the command; the job tells what comes of it.

    With a `document_id` that exists the content becomes the next version of that document. What lies at an address is
    fetched after that: the document is there once it has been, and its job shows the step `fetching` until then.
    """
    async with submissions(request, deps.settings, many=False) as given:
        if len(given) > 1:
            raise Problem("invalid_request", "Several files at once go to /v1/documents/batch.")
        return accepted(response, await submit(deps, who, given[0], request.state.traceparent))


@router.post(
    "/batch",
    status_code=202,
    operation_id="submitDocuments",
    summary="Submit up to 100 documents at once",
    responses={202: {"headers": accepted_headers()["headers"]}, **problems(*_WRITE)},
    openapi_extra=BATCH_BODY,
)
async def submit_documents(request: Request, response: Response, deps: Deps, who: Writer) -> answers.Batch:
    """Each item is accepted or not by itself; `items` has an entry for each, in the order sent.

    Where a part was away for some, send the same batch again with the same `Idempotency-Key`: what was accepted is
    answered with the same ids, and nothing happens twice.
    """
    async with submissions(request, deps.settings, many=True) as given:
        done = await submit_many(deps, who, given, request.state.traceparent)
    if done.position:
        response.headers[HEADER] = done.position
    return done


@router.post(
    "/{document_id}/versions",
    status_code=202,
    operation_id="submitVersion",
    summary="Submit a new version of a document",
    responses={202: accepted_headers(), **problems(*_WRITE, "not_found", "read_model_behind")},
    openapi_extra=SUBMIT_BODY,
    dependencies=[known_to_writer],
)
async def submit_version(
    document_id: UUID, request: Request, response: Response, deps: Deps, who: Writer
) -> answers.Accepted:
    """Search sees the old version until the new one is whole, then the new one."""
    if not await published_before(deps, new_job_id()):
        await existing(deps.reads, who.tenant, document_id)
    async with submissions(request, deps.settings, many=False) as given:
        if len(given) > 1 or given[0].about.document_id not in {None, document_id}:
            raise Problem("invalid_request", "A version is one file, text or link, of the document in the address.")
        return accepted(response, await submit(deps, who, given[0].of(document_id), request.state.traceparent))


@router.get(
    "", operation_id="listDocuments", summary="List documents, newest first", responses=READ, dependencies=[known]
)
async def list_documents(
    *,
    who: Reader,
    reads: AsOf,
    status: Annotated[
        str | None, Query(pattern="^(submitted|extracted|chunked|indexed|refused|cancelled|failed)$")
    ] = None,
    media_type: Annotated[Filter | None, Query(examples=["text/markdown"])] = None,
    q: Annotated[Filter | None, Query(description="Only documents whose title or file name contains this")] = None,
    project_id: Annotated[UUID | None, Query(description="Only documents that are in this project")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> answers.Documents:
    """Deleted documents are not listed."""
    page = await listed(
        reads.documents(
            who.tenant,
            status=status,
            media_type=media_type,
            text=q,
            limit=limit,
            cursor=cursor,
            project_id=project_id,
        )
    )
    return answers.Documents(items=page.items, next_cursor=page.next_cursor)


@router.get(
    "/{document_id}", operation_id="getDocument", summary="One document", responses=READ_ONE, dependencies=[known]
)
async def get_document(document_id: UUID, who: Reader, reads: AsOf) -> answers.Document:
    """The document as it is now, or was."""
    return await existing(reads, who.tenant, document_id)


@router.get(
    "/{document_id}/versions",
    operation_id="listVersions",
    summary="Its versions, newest first",
    responses=READ_ONE,
    dependencies=[known],
)
async def list_versions(document_id: UUID, who: Reader, reads: AsOf) -> answers.Versions:
    """Every version that was submitted, and what became of it."""
    await existing(reads, who.tenant, document_id)
    return answers.Versions(items=await reads.versions(who.tenant, document_id))


@router.get(
    "/{document_id}/content",
    operation_id="getContent",
    summary="The original bytes",
    responses={
        200: {"description": "The bytes as they were uploaded", "content": {"application/octet-stream": {}}},
        **READ_ONE,
        **problems("blob_missing"),
        **problems("blob_unavailable", "breaker_open", "read_model_behind", "database_unavailable"),
    },
    response_class=StreamingResponse,
    dependencies=[known],
)
async def get_content(
    document_id: UUID, deps: Deps, who: Reader, version: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> StreamingResponse:
    """Of the version that search sees, unless `version` names another. Always a download, never shown in place."""
    stored = await deps.reads.stored(who.tenant, document_id, version)
    if stored is None:
        raise Problem("not_found", "There is no such document or version.")
    pieces = deps.claims.blobs.open(who.tenant, stored.ref)
    # The first piece is read here: once the answer has started, a missing blob could not be told any more.
    first = await anext(aiter(pieces), b"")

    async def body() -> Any:
        yield first
        async for piece in pieces:
            yield piece

    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(stored.file_name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Muniment-Version": str(stored.version),
    }
    if stored.size_bytes is not None:
        headers["Content-Length"] = str(stored.size_bytes)
    return StreamingResponse(body(), media_type="application/octet-stream", headers=headers)


@router.delete(
    "/{document_id}",
    status_code=202,
    operation_id="deleteDocument",
    summary="Delete a document with all its versions",
    responses={202: accepted_headers(), **READ_ONE, **problems(*DENIED, "read_model_behind", *AWAY, "key_destroyed")},
    dependencies=[known_to_writer],
)
async def delete_document(
    *,
    document_id: UUID,
    request: Request,
    response: Response,
    deps: Deps,
    who: Writer,
    reason: Annotated[Filter, Query(description="Kept on the log, sealed")] = "deleted on request",
) -> answers.Accepted:
    """Its chunks, vectors and stored bytes go with it."""
    if not await published_before(deps, new_job_id()):
        await existing(deps.reads, who.tenant, document_id)
    return accepted(response, await delete(deps, who, document_id, reason, request.state.traceparent))


async def existing(reads: Reads, tenant: str, document_id: UUID) -> answers.Document:
    """The tenant's document; the same problem whether it never was, was deleted, or is somebody else's."""
    found = await reads.document(tenant, document_id)
    if found is None:
        raise Problem("not_found", "There is no such document.")
    return found
