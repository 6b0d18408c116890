"""What a step needs around it where there is no host: envelopes as a host decodes them, and its results in order."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from support.key_ring import MemoryKeyRing
from support.publisher import MemoryPublisher

from muniment.producers.blobs import Blob
from muniment.producers.local_blobs import LocalBlobs
from muniment.producers.log_codec import LogCodec
from muniment.schemas.codec import Envelope
from muniment.schemas.event import Event
from muniment.schemas.jobs import StepProgressed
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.step import Step

TENANT = "acme"
NOW = datetime(2026, 5, 1, tzinfo=UTC)


class FolderClaims:
    """`Claims` without rows: blobs in a folder; `held` holds what was claimed and not released."""

    def __init__(self, folder: Path) -> None:
        self.blobs = LocalBlobs(folder)
        self.held: list[tuple[str, UUID, UUID, str, str]] = []

    async def put(self, tenant: str, document_id: UUID, job_id: UUID, kind: str, chunks: AsyncIterator[bytes]) -> Blob:
        """See `Claims.put`."""
        blob = await self.blobs.put(tenant, chunks)
        self.held.append((tenant, document_id, job_id, kind, blob.ref))
        return blob

    async def release(self, tenant: str, document_id: UUID, jobs: list[UUID]) -> None:
        """See `Claims.release`."""
        self.held = [one for one in self.held if one[:2] != (tenant, document_id) or one[2] not in jobs]

    async def text_of(self, ref: str) -> str:
        """What a blob says."""
        return b"".join([piece async for piece in self.blobs.open(TENANT, ref)]).decode()

    async def store(self, content: bytes) -> str:
        """Put bytes where a step will look for them; their reference."""

        async def pieces() -> AsyncIterator[bytes]:
            yield content

        return (await self.blobs.put(TENANT, pieces())).ref


class Deleted:
    """Which documents have been deleted, up to which version, as the decider's state would say."""

    def __init__(self) -> None:
        self.up_to: dict[UUID, int] = {}

    async def deleted_up_to(self, tenant: str, document_id: UUID) -> int:
        """See `Deletions`."""
        del tenant
        return self.up_to.get(document_id, 0)

    async def cancelled(self, tenant: str, document_id: UUID, version: int) -> bool:
        """See `Deletions`: none ever was."""
        del tenant, document_id, version
        return False


async def record_of(event: Event, ring: MemoryKeyRing) -> Record:
    """The event as it lies on the log."""
    await ring.create(TENANT, event.document_id)
    job = getattr(event, "job_id", event.document_id)
    event_id = uuid5(event.document_id, event.declaration.name)
    meta = Metadata(event_id, TENANT, job, job, NOW, "muniment.test")
    return replace(await LogCodec(ring).encode(event, meta), partition=2, offset=7, timestamp_ms=0)


async def envelope_of(event: Event, ring: MemoryKeyRing) -> Envelope:
    """The event as a step gets it: decoded, redacted where its key is gone."""
    return await LogCodec(ring).decode(await record_of(event, ring))


async def results(step: Step, envelope: Envelope) -> list[Any]:
    """What a step yields, but for its progress, which depends on the clock."""
    return [item async for item in step.run(envelope) if not isinstance(item, StepProgressed)]


async def settled(step: Step, record: Record, ring: MemoryKeyRing) -> tuple[str, list[Record]]:
    """How the one wrapper settles a record with a step, and what is on the log then, but for progress."""
    log = MemoryPublisher()
    outcome = await Settler(LogCodec(ring), log, now=lambda: NOW).settle(step, record)
    return outcome, [r for r in log.sent if r.header("ce_type") != "muniment.StepProgressed.v1"]


def ids(records: list[Record]) -> list[tuple[str, str | None]]:
    """Topic and id of records, in order."""
    return [(r.topic, r.header("ce_id")) for r in records]


def names_in(folder: Path) -> set[str]:
    """What lies in a folder."""
    return {file.name for file in folder.iterdir()}
