"""More documents than children: those that wait for one are not at fault."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from support import child_work
from support.key_ring import MemoryKeyRing
from support.steps import Deleted, FolderClaims, envelope_of, record_of, results, settled

from muniment.schemas.documents import DocumentExtracted, DocumentSubmitted
from muniment.stream_apps.child import Children
from muniment.stream_apps.chunking import step as chunking_module
from muniment.stream_apps.chunking.policy import ChunkPolicy
from muniment.stream_apps.chunking.step import Chunking
from muniment.stream_apps.extracting import step as extracting_module
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.extracting.step import Extracting
from muniment.stream_apps.scrubbing.kinds import ALL
from muniment.stream_apps.step import Step

LIMIT_S = 3.0


def submitted(number: int, blob: str) -> DocumentSubmitted:
    return DocumentSubmitted(
        document_id=UUID(int=number),
        version=1,
        job_id=UUID(int=number),
        file_name="a.md",
        title=None,
        metadata={},
        blob=blob,
        size_bytes=1,
        source="test",
        lane="normal",
    )


def extracted(number: int, blob: str) -> DocumentExtracted:
    return DocumentExtracted(
        document_id=UUID(int=number),
        version=1,
        job_id=UUID(int=number),
        media_type="text/markdown",
        title=None,
        text_blob=blob,
        characters=20,
        pages=None,
        findings={},
    )


@pytest.mark.parametrize("name", ["extracting", "chunking"])
async def test_documents_behind_slow_ones_are_done_all_the_same(
    name: str, ring: MemoryKeyRing, claims: FolderClaims, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four that take a second each, one child, a limit of three seconds: none is retried, none buried."""
    children, text = Children(1), await claims.store(b"# A letter\n\nThis is it.\n")

    def extracting_within(limit_s: float) -> Extracting:
        limits = Limits(file_bytes_max=99)
        return Extracting(
            claims, children, Deleted(), folder=tmp_path, limits=limits, kinds=ALL, timeout_s=limit_s
        )  # fmt: skip

    extracting = extracting_within(LIMIT_S)
    policy = ChunkPolicy(max_tokens=32, overlap_tokens=4, small_tokens=8)
    chunking = Chunking(claims.blobs, ring, children, Deleted(), folder=tmp_path, policy=policy, timeout_s=LIMIT_S)
    # A new child is slow at first: that is not what this is about.
    patient = Chunking(claims.blobs, ring, children, Deleted(), folder=tmp_path, policy=policy, timeout_s=90)
    sections = (await results(extracting_within(90), await envelope_of(submitted(9, text), ring)))[0].text_blob
    await results(patient, await envelope_of(extracted(8, sections), ring))
    monkeypatch.setattr(extracting_module, "work", child_work.extract_slowly)
    monkeypatch.setattr(chunking_module, "work", child_work.chunk_slowly)
    step: Step = extracting if name == "extracting" else chunking
    events = [submitted(n, text) if step is extracting else extracted(n, sections) for n in range(1, 5)]
    records = [await record_of(event, ring) for event in events]
    found = await asyncio.gather(*(settled(step, record, ring) for record in records))
    assert [outcome for outcome, _ in found] == ["done"] * 4
