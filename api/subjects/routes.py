"""All that is held about a person, for that person (GDPR Art. 15 and 20): one ZIP, read by people and programs."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from tempfile import SpooledTemporaryFile
from typing import IO, Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse

from muniment.api.access import Eraser, Principal
from muniment.api.answers import Answer, Document
from muniment.api.auditing.note import note
from muniment.api.dependencies import Dependencies, Deps
from muniment.api.erasures.wired import erasures_of
from muniment.api.problems.docs import DENIED, problems
from muniment.api.problems.problem import Problem
from muniment.api.subjects.archive import PIECE, Archive
from muniment.api.subjects.drafts import add_draft
from muniment.api.texts import SUBJECT
from muniment.schemas.audit import DocumentTouched
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import DocumentExtracted
from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import MunimentError, StepFailure
from muniment.schemas.event_json import to_json

router = APIRouter(prefix="/v1/subjects", tags=["erasure"])
LINES_BYTES = 1024 * 1024
"""Past this the lines about a document lie in an unnamed temporary file, not in memory."""
TOGETHER = 50
"""Documents for which the log is read once."""
JOBS_AT_ONCE = 200
ABOUT = """Everything that is held about one person, as of the moment in `export.json`.
documents/<id>/v<version>-<name>: the bytes as they were submitted.
documents/<id>/v<version>.txt: the text that was read from them, personal data of known patterns masked.
documents/<id>/events.jsonl: every record about the document, in the order of the log, one JSON object a line.
drafts/<id>/text.txt, brief.txt: what was written from these documents, or asked for by this person.
export.json: the documents with their versions, names, labels and jobs, and a list of those records; the drafts with
their citations, and all the documents that each goes back to.
"""
_UNSAFE = re.compile(r"[^\w.\- ]")


class Said:
    """What is said of a document: as it is shown, its records as a list and as lines, where texts of versions lie."""

    def __init__(self, shown: Answer | None) -> None:
        self.shown = shown
        self.listed: list[dict[str, Any]] = []
        self.texts: dict[int, str] = {}
        self.lines: IO[bytes] = SpooledTemporaryFile(LINES_BYTES)  # noqa: SIM115 - closed by `_together`

    async def pieces(self) -> AsyncIterator[bytes]:
        """The lines."""
        self.lines.seek(0)
        while piece := await asyncio.to_thread(self.lines.read, PIECE):
            yield piece


@router.get(
    "/{subject}/export",
    operation_id="exportSubject",
    summary="All that is held about a person",
    response_class=StreamingResponse,
    responses={
        200: {"description": "A ZIP", "content": {"application/zip": {}}},
        **problems(*DENIED, "not_found", "invalid_request", "database_unavailable", "log_unavailable"),
        **problems("blob_unavailable", "breaker_open", "key_ring_unusable"),
    },
)
async def export_subject(
    subject: Annotated[str, Path(min_length=1, max_length=200, pattern=SUBJECT)], deps: Deps, who: Eraser
) -> StreamingResponse:
    """Documents with names, text, versions, jobs and every record on the log; what was erased is not held any more.

    With them the drafts that go back to these documents, those that the person asked for (one who signs in is `person:`
    and their name, as the log says who asked), and what others have made of those. An erasure of the person takes all
    of it.
    """
    belonging = await erasures_of(deps).belongings(who.tenant, subject)
    documents, drafts = belonging.documents, belonging.drafts
    if not documents and not drafts:
        raise Problem("not_found", "Nothing is held about a person of this name.")
    shown = dict.fromkeys([*documents, *(one for sources in drafts.values() for one in sources)])
    note().documents.extend(DocumentTouched(document, None, ()) for document in shown)
    archive = Archive()
    try:
        found = []
        for start in range(0, len(documents), TOGETHER):
            found += await _together(deps, who, documents[start : start + TOGETHER], archive)
        about = {"person": subject, "tenant": who.tenant, "exported_at": datetime.now(UTC).isoformat()}
        written = [await add_draft(deps, who, draft, sources, archive) for draft, sources in drafts.items()]
        whole = about | {"documents": found, "drafts": written}
        told = await asyncio.to_thread(json.dumps, whole, ensure_ascii=False, indent=1)
        await archive.add("export.json", told)
        await archive.add("README.txt", ABOUT)
    except BaseException:
        archive.drop()
        raise
    headers = {"Content-Disposition": 'attachment; filename="export.zip"'}
    return StreamingResponse(archive.pieces(), media_type="application/zip", headers=headers)


async def _together(
    deps: Dependencies, who: Principal, documents: Sequence[UUID], archive: Archive
) -> list[dict[str, Any]]:
    """Some documents: the log is read once for all of them, from when the first command about one of them was sent."""
    shown = {document: await deps.reads.document(who.tenant, document) for document in documents}
    jobs = {document: await _jobs(deps, who, document) for document in documents}
    began = [_began(shown[document], jobs[document]) for document in documents]
    # What no read model knows (yet) may lie anywhere on the log.
    since = min([moment for moment in began if moment]) if all(began) else None
    said = await _said(deps, who, shown, since)
    try:
        return [await _document(deps, who, one, said[one], jobs[one], archive) for one in documents]
    finally:
        for one in said.values():
            one.lines.close()


def _began(shown: Document | None, jobs: Sequence[Mapping[str, Any]]) -> datetime | None:
    """When the document, or the first command about it, began: that may wait long for its decision."""
    if shown is None or shown.created_at is None:
        return None
    return min([shown.created_at, *(datetime.fromisoformat(job["submitted_at"]) for job in jobs)])


async def _document(  # noqa: PLR0917 - what is known of it
    deps: Dependencies, who: Principal, document: UUID, said: Said, jobs: list[dict[str, Any]], archive: Archive
) -> dict[str, Any]:
    await archive.add_pieces(f"documents/{document}/events.jsonl", said.pieces())
    versions = []
    for version in await deps.reads.versions(who.tenant, document):
        told = version.model_dump(mode="json")
        told["content"] = await _content(deps, who, document, version.version, archive)
        if version.version in said.texts:
            name = f"documents/{document}/v{version.version}.txt"
            told["text"] = await _blob(deps, who, said.texts[version.version], name, archive)
        versions.append(told)
    return {
        "document_id": str(document),
        "document": said.shown.model_dump(mode="json") if said.shown else None,
        "versions": versions,
        "jobs": jobs,
        "events": said.listed,
    }


async def _jobs(deps: Dependencies, who: Principal, document: UUID) -> list[dict[str, Any]]:
    found, cursor = list[dict[str, Any]](), None
    while True:
        page = await deps.reads.jobs(who.tenant, state=None, document_id=document, limit=JOBS_AT_ONCE, cursor=cursor)
        found += [job.model_dump(mode="json") for job in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


async def _said(
    deps: Dependencies, who: Principal, documents: Mapping[UUID, Answer | None], since: datetime | None
) -> dict[UUID, Said]:
    """Every record about these documents."""
    if deps.document_records is None:
        raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "this instance was started without a way to read the log")
    found = {document: Said(shown) for document, shown in documents.items()}
    async for record in deps.document_records.of(documents.keys(), since):
        if record.header("tenant") != who.tenant:
            continue  # An id is chosen by whoever submits: another tenant may have a document of the same one.
        said = found[UUID(record.key.decode())]
        place = f"{record.topic}:{record.partition}:{record.offset}"
        try:
            envelope: Envelope = await deps.codec.decode(record)
        except MunimentError as error:
            if POLICIES[error.code] is Policy.BLOCK:
                raise  # what cannot be read just now is held all the same
            said.listed.append({"position": place, "unreadable": error.code.value})
            continue
        event, meta = envelope.event, envelope.meta
        one = {"event": event.declaration.key, "at": meta.time.isoformat(), "actor": meta.actor, "position": place}
        said.listed.append(one)
        said.lines.write(json.dumps(one | {"data": to_json(event)}, ensure_ascii=False).encode() + b"\n")
        if isinstance(event, DocumentExtracted):
            said.texts[event.version] = event.text_blob
    return found


async def _content(deps: Dependencies, who: Principal, document: UUID, version: int, archive: Archive) -> str | None:
    stored = await deps.reads.stored(who.tenant, document, version)
    if stored is None:
        return None
    name = f"documents/{document}/v{version}-{_UNSAFE.sub('_', stored.file_name)[:100]}"
    return await _blob(deps, who, stored.ref, name, archive)


async def _blob(deps: Dependencies, who: Principal, ref: str, name: str, archive: Archive) -> str | None:
    """Put a blob into the archive; its name there, `None` when the bytes are not held any more."""
    pieces = deps.claims.blobs.open(who.tenant, ref)
    try:
        first = await anext(aiter(pieces), b"")
    except StepFailure as error:
        if error.code is not ErrorCode.BLOB_MISSING:
            raise
        return None

    async def whole() -> AsyncIterator[bytes]:
        yield first
        async for piece in pieces:
            yield piece

    await archive.add_pieces(name, whole())
    return name
