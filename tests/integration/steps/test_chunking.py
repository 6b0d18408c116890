"""The chunking step with a real child: batches in order, their totals after them, the same ones every time."""

from pathlib import Path
from uuid import UUID

import pytest
from support.key_ring import MemoryKeyRing
from support.steps import TENANT, Deleted, FolderClaims, envelope_of, ids, names_in, record_of, results, settled

from muniment.schemas.chunks import ChunksPrepared
from muniment.schemas.documents import DocumentChunked, DocumentExtracted
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.topics import CHUNKS, DOCUMENTS
from muniment.stream_apps.chunking.batches import CHUNKS_MAX
from muniment.stream_apps.chunking.hashing import content_hash
from muniment.stream_apps.chunking.step import Chunking
from muniment.stream_apps.scrubbing.section import ScrubbedSection

DOCUMENT, JOB = UUID(int=1), UUID(int=2)
SENTENCE = "Sentence {} says something that is long enough to be told apart from all the others.\n\n"


def extracted(blob: str, characters: int) -> DocumentExtracted:
    return DocumentExtracted(
        document_id=DOCUMENT,
        version=2,
        job_id=JOB,
        media_type="text/plain",
        title=None,
        text_blob=blob,
        characters=characters,
        pages=None,
        findings={},
    )


async def stored(claims: FolderClaims, sentences: int) -> DocumentExtracted:
    """A text of so many sentences, a section to each ten, as extracting leaves it."""
    lines, start = [], 0
    for number in range(0, sentences, 10):
        text = "".join(SENTENCE.format(n) for n in range(number, min(number + 10, sentences)))
        lines.append(ScrubbedSection(text, start, None, f"Part {number}").to_json())
        start += len(text)
    return extracted(await claims.store(b"\n".join(lines)), start)


async def test_batches_come_in_order_and_totals_last(
    chunking: Chunking, claims: FolderClaims, ring: MemoryKeyRing, work_folder: Path
) -> None:
    """Ordinals run through all batches; each chunk has its place, its heading and its keyed hash."""
    event = await stored(claims, 150)
    *batches, last = await results(chunking, await envelope_of(event, ring))
    assert all(isinstance(batch, ChunksPrepared) for batch in batches)
    assert [batch.batch for batch in batches] == list(range(len(batches)))
    assert [len(batch.texts) for batch in batches[:-1]] == [CHUNKS_MAX] * (len(batches) - 1)
    places = [place for batch in batches for place in batch.places]
    texts = [text for batch in batches for text in batch.texts]
    assert [place.ordinal for place in places] == list(range(len(places)))
    key = await ring.tenant_key(TENANT)
    whole = "".join(SENTENCE.format(n) for n in range(150))
    for place, text in zip(places, texts, strict=True):
        assert whole[place.start : place.end] == text.text
        assert place.content_hash == content_hash(text.text, key)
        assert (text.heading or "").startswith("Part ")
    assert last == DocumentChunked(
        document_id=DOCUMENT,
        version=2,
        job_id=JOB,
        chunks=len(places),
        batches=len(batches),
        tokens=sum(place.tokens for place in places),
    )
    assert names_in(work_folder) == set()


async def test_a_repeat_gives_the_same_records(chunking: Chunking, claims: FolderClaims, ring: MemoryKeyRing) -> None:
    """Batches and totals under the same ids, the totals on the log after the last batch."""
    record = await record_of(await stored(claims, 100), ring)
    outcome, first = await settled(chunking, record, ring)
    assert outcome == "done"
    assert [r.topic for r in first] == [CHUNKS.name] * (len(first) - 1) + [DOCUMENTS.name]
    assert len({r.header("ce_id") for r in first}) == len(first) > 2
    assert ids((await settled(chunking, record, ring))[1]) == ids(first)


async def test_a_reader_that_gives_up_leaves_no_folder(
    chunking: Chunking, claims: FolderClaims, ring: MemoryKeyRing, work_folder: Path
) -> None:
    """A host that is stopped between two batches closes the step."""
    items = chunking.run(await envelope_of(await stored(claims, 150), ring))
    async for item in items:
        if isinstance(item, ChunksPrepared):
            assert len(names_in(work_folder)) == 1
            break
    await items.aclose()  # type: ignore[attr-defined]
    assert names_in(work_folder) == set()


async def test_a_damaged_blob_is_said(chunking: Chunking, claims: FolderClaims, ring: MemoryKeyRing) -> None:
    """With a code of its own, out of the child."""
    with pytest.raises(StepFailure) as failed:
        await results(chunking, await envelope_of(extracted(await claims.store(b"{}\n"), 10), ring))
    assert failed.value.code is ErrorCode.UNDECODABLE


async def test_text_that_a_deletion_took_is_nothing_to_do(
    chunking: Chunking, deleted: Deleted, ring: MemoryKeyRing
) -> None:
    """But text that is just missing is an error."""
    envelope = await envelope_of(extracted("sha256:" + "0" * 64, 10), ring)
    with pytest.raises(StepFailure) as failed:
        await results(chunking, envelope)
    assert failed.value.code is ErrorCode.BLOB_MISSING
    deleted.up_to[DOCUMENT] = 2
    assert await results(chunking, envelope) == []
