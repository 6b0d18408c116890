"""Gives up the claims of jobs whose versions are gone or will never come; a blob goes with its last claim."""

from collections.abc import AsyncIterator
from uuid import UUID

from muniment.producers.claims import Claims, Released
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import (
    CommandRejected,
    DocumentDeleted,
    DocumentExtracted,
    DocumentPurged,
    DocumentUnchanged,
    JobCancelled,
    VersionRolledBack,
)
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.stream_apps.deciding.store import DecidingStore
from muniment.stream_apps.indexing.store import IndexingStore
from muniment.stream_apps.step import Step


class Purging(Step):
    """See `Step`."""

    name = "purging"
    reads: tuple[type[Event], ...] = (
        DocumentDeleted,
        DocumentUnchanged,
        CommandRejected,
        DocumentExtracted,
        JobCancelled,
    )
    timeout_s = 60.0
    late = ErrorCode.DATABASE_UNAVAILABLE
    works_for_cancelled = True

    def __init__(self, claims: Claims, deciding: DecidingStore, indexing: IndexingStore) -> None:
        self._claims = claims
        self._deciding = deciding
        self._indexing = indexing

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """See `Step.run`."""
        event, tenant = envelope.event, envelope.meta.tenant
        match event:
            case DocumentDeleted():
                released = await self._claims.release(tenant, event.document_id, event.jobs)
                await self._indexing.forget(tenant, event.document_id, event.version)
                yield _purged(event.document_id, event.version, event.job_id, released)
            case DocumentUnchanged() | CommandRejected():
                # Its upload was claimed before it was decided; the version that holds the content has its own claim.
                await self._claims.release(tenant, event.document_id, [event.job_id])
            case JobCancelled():
                yield await self._rolled_back(event, tenant)
            case DocumentExtracted():
                # Extraction was under way when the document was deleted: its text came too late to be released then.
                if event.version <= await self._deciding.deleted_up_to(tenant, event.document_id):
                    # Without a word: a purge ends its job well, and this job has ended with the deletion.
                    await self._claims.release(tenant, event.document_id, [event.job_id])

    async def _rolled_back(self, event: JobCancelled, tenant: str) -> VersionRolledBack:
        # A cancellation is decided only while its version has not been announced: it always counts.
        released = await self._claims.close(tenant, event.document_id, event.job_id)
        await self._indexing.drop(tenant, event.document_id, event.version)
        return VersionRolledBack(
            document_id=event.document_id,
            version=event.version,
            job_id=event.job_id,
            blobs_removed=released.removed,
            blobs_shared=released.shared,
        )


def _purged(document_id: UUID, version: int, job_id: UUID, released: Released) -> DocumentPurged:
    return DocumentPurged(
        document_id=document_id,
        version=version,
        job_id=job_id,
        blobs_removed=released.removed,
        blobs_shared=released.shared,
    )
