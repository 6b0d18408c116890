"""A step whose bytes were deleted under it has nothing to do; bytes that are missing otherwise stay a failure."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from muniment.producers.claims import Claims, Released
from muniment.producers.local_blobs import LocalBlobs
from muniment.schemas.codec import Envelope
from muniment.schemas.documents import DocumentExtracted, DocumentSubmitted
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.stream_apps.child import Children
from muniment.stream_apps.chunking.policy import ChunkPolicy
from muniment.stream_apps.chunking.step import Chunking
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.extracting.step import Extracting
from muniment.stream_apps.overtaken import overtaken
from muniment.stream_apps.step import Step

GONE = f"sha256:{'0' * 64}"


class Deleted:
    """Deciders' state that says up to which version everything is deleted, and which one was cancelled."""

    def __init__(self, version: int, cancelled: int = 0) -> None:
        self._version = version
        self._cancelled = cancelled

    async def deleted_up_to(self, _tenant: str, _document_id: UUID) -> int:
        """Always the same."""
        return self._version

    async def cancelled(self, _tenant: str, _document_id: UUID, version: int) -> bool:
        """Only the one."""
        return version == self._cancelled


class NotedClaims(Claims):
    """Claims without a database that note what was released."""

    def __init__(self, blobs: LocalBlobs) -> None:
        super().__init__(None, blobs)
        self.released: list[UUID] = []

    async def release(self, tenant: str, document_id: UUID, jobs: Any) -> Released:
        """Note it."""
        self.released += jobs
        return Released(0, 0)


class OneKey:
    """A key ring with the tenant's key only."""

    async def tenant_key(self, _tenant: str) -> bytes:
        """Some key."""
        return bytes(32)


def envelope_of(event: Event) -> Envelope:
    """The event as a host hands it over."""
    job = event.job_id  # type: ignore[attr-defined]
    meta = Metadata(uuid4(), "acme", job, job, datetime(2026, 1, 1, tzinfo=UTC), "muniment.test")
    return Envelope(event, meta, Record("muniment.documents", b"", b"", ()))


def submitted(version: int) -> DocumentSubmitted:
    """A version whose bytes are not there."""
    return DocumentSubmitted(
        document_id=uuid4(), version=version, job_id=uuid4(), file_name="a.txt", title=None, metadata={}, blob=GONE,
        size_bytes=1, source="upload", lane="normal",
    )  # fmt: skip


def extracted(version: int) -> DocumentExtracted:
    """A version whose text is not there."""
    return DocumentExtracted(
        document_id=uuid4(), version=version, job_id=uuid4(), media_type="text/plain", title=None, text_blob=GONE,
        characters=1, pages=None, findings={},
    )  # fmt: skip


def steps(folder: Path, deleted: int) -> tuple[Step, Step, NotedClaims]:
    """Both steps that read blobs, over an empty store."""
    claims, children, deletions = NotedClaims(LocalBlobs(folder / "blobs")), Children(1), Deleted(deleted)
    limits = Limits(file_bytes_max=10, media_types=frozenset())
    extracting = Extracting(claims, children, deletions, folder=folder, limits=limits, kinds=frozenset(), timeout_s=9)
    policy = ChunkPolicy(max_tokens=16, overlap_tokens=0, small_tokens=1, tokenizer="cl100k_base")
    ring: Any = OneKey()
    chunking = Chunking(claims.blobs, ring, children, deletions, folder=folder, policy=policy, timeout_s=9)
    return extracting, chunking, claims


async def test_what_a_deletion_overtook_ends_without_a_result(tmp_path: Path) -> None:
    """No dead letter for a version that is deleted; what an earlier attempt had stored for it is released."""
    extracting, chunking, claims = steps(tmp_path, deleted=2)
    event = submitted(2)
    assert [one async for one in extracting.run(envelope_of(event))] == []
    assert claims.released == [event.job_id]
    assert [one async for one in chunking.run(envelope_of(extracted(1)))] == []


async def test_bytes_that_nobody_deleted_are_missed(tmp_path: Path) -> None:
    """A version after the deletion, or a document never deleted: missing bytes are a failure."""
    for deleted in (0, 2):
        extracting, chunking, _ = steps(tmp_path, deleted)
        for step, event in ((extracting, submitted(3)), (chunking, extracted(3))):
            with pytest.raises(StepFailure, match="blob"):
                _ = [one async for one in step.run(envelope_of(event))]


async def test_other_failures_are_no_matter_of_deletion() -> None:
    """A blob store that is away says nothing about what is deleted."""
    away = StepFailure(ErrorCode.BLOB_UNAVAILABLE, "away")
    assert not await overtaken(away, Deleted(9), "acme", uuid4(), 1)


async def test_a_cancelled_version_is_overtaken() -> None:
    """Its bytes are gone because it was cancelled; those of the version beside it are missed."""
    gone = StepFailure(ErrorCode.BLOB_MISSING, "gone")
    assert await overtaken(gone, Deleted(0, cancelled=2), "acme", uuid4(), 2)
    assert not await overtaken(gone, Deleted(0, cancelled=2), "acme", uuid4(), 3)
