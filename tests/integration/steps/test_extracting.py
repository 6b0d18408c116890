"""The extracting step with a real child: the exact events, what it stores, and that it leaves nothing behind."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from support import child_work
from support.formats import MAIL
from support.key_ring import MemoryKeyRing
from support.steps import TENANT, Deleted, FolderClaims, envelope_of, ids, names_in, record_of, results, settled

from muniment.schemas.documents import DocumentExtracted, DocumentSubmitted
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure
from muniment.stream_apps.extracting import step as module
from muniment.stream_apps.extracting.step import Extracting
from muniment.stream_apps.scrubbing.section import ScrubbedSection

DOCUMENT, JOB = UUID(int=1), UUID(int=2)
TEXT = f"# A letter\n\nWrite to {MAIL} before noon.\n"


def submitted(blob: str, *, file_name: str = "a.md", title: str | None = None) -> DocumentSubmitted:
    return DocumentSubmitted(
        document_id=DOCUMENT,
        version=2,
        job_id=JOB,
        file_name=file_name,
        title=title,
        metadata={},
        blob=blob,
        size_bytes=1,
        source="test",
        lane="normal",
    )


async def test_a_document_becomes_one_event_and_one_blob(
    extracting: Extracting, claims: FolderClaims, ring: MemoryKeyRing, work_folder: Path
) -> None:
    """The blob holds the scrubbed sections and is claimed by the job; the event says what was found, not where."""
    event = submitted(await claims.store(TEXT.encode()))
    found = await results(extracting, await envelope_of(event, ring))
    ((tenant, document, job, kind, ref),) = claims.held
    assert (tenant, document, job, kind) == (TENANT, DOCUMENT, JOB, "text")
    assert found == [
        DocumentExtracted(
            document_id=DOCUMENT,
            version=2,
            job_id=JOB,
            media_type="text/markdown",
            title="A letter",
            text_blob=ref,
            characters=len(TEXT),
            pages=None,
            findings={"email": 1},
        )
    ]
    lines = (await claims.text_of(ref)).splitlines()
    assert "".join(ScrubbedSection.from_json(line).text for line in lines) == TEXT.replace(MAIL, "[email]")
    assert names_in(work_folder) == set()


async def test_the_title_that_was_given_holds(
    extracting: Extracting, claims: FolderClaims, ring: MemoryKeyRing
) -> None:
    """Whatever the document calls itself."""
    event = submitted(await claims.store(TEXT.encode()), title="Given")
    assert (await results(extracting, await envelope_of(event, ring)))[0].title == "Given"


async def test_a_repeat_gives_the_same_records(
    extracting: Extracting, claims: FolderClaims, ring: MemoryKeyRing
) -> None:
    """The same ids and the same blob."""
    record = await record_of(submitted(await claims.store(TEXT.encode())), ring)
    outcome, first = await settled(extracting, record, ring)
    assert (outcome, len(first)) == ("done", 1)
    assert ids((await settled(extracting, record, ring))[1]) == ids(first)
    assert len({one[-1] for one in claims.held}) == 1


async def test_a_refusal_goes_through(
    extracting: Extracting, claims: FolderClaims, ring: MemoryKeyRing, work_folder: Path
) -> None:
    """Out of the child, through the step, into a `DocumentRefused`; nothing is stored."""
    event = submitted(await claims.store(b"\x7fELF\x02\x01\x01" + bytes(64)))
    with pytest.raises(Refused) as refused:
        await results(extracting, await envelope_of(event, ring))
    assert refused.value.code is ErrorCode.TYPE_NOT_ALLOWED
    outcome, sent = await settled(extracting, await record_of(event, ring), ring)
    assert outcome == "refused"
    assert [r.header("ce_type") for r in sent] == ["muniment.DocumentRefused.v1"]
    assert claims.held == []
    assert names_in(work_folder) == set()


async def test_an_erased_document_is_not_read(
    extracting: Extracting, claims: FolderClaims, ring: MemoryKeyRing
) -> None:
    """Its name can no longer be read, so nothing of it is."""
    record = await record_of(submitted(await claims.store(b"text")), ring)
    await ring.destroy(TENANT, DOCUMENT)
    outcome, sent = await settled(extracting, record, ring)
    assert outcome == "dead"
    assert b"key_destroyed" in dict(sent[0].headers).values()


async def test_a_missing_blob_is_no_fault_of_a_deletion(
    extracting: Extracting, deleted: Deleted, ring: MemoryKeyRing
) -> None:
    """Bytes that are gone are an error, unless this version was deleted meanwhile: then there is nothing to do."""
    envelope = await envelope_of(submitted("sha256:" + "0" * 64), ring)
    deleted.up_to[DOCUMENT] = 1
    with pytest.raises(StepFailure) as failed:
        await results(extracting, envelope)
    assert failed.value.code is ErrorCode.BLOB_MISSING
    deleted.up_to[DOCUMENT] = 2
    assert await results(extracting, envelope) == []


async def test_a_cancelled_step_leaves_neither_child_nor_folder(
    extracting: Extracting,
    claims: FolderClaims,
    ring: MemoryKeyRing,
    work_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was half done is a document in clear: it goes with the step."""
    monkeypatch.setattr(module, "work", child_work.hang_beside)
    envelope = await envelope_of(submitted(await claims.store(TEXT.encode())), ring)
    task = asyncio.create_task(results(extracting, envelope))
    async with asyncio.timeout(90):
        while not list(work_folder.glob("*/pid")):  # noqa: ASYNC110, ASYNC240 - another process writes it
            await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert names_in(work_folder) == set()


async def test_a_child_that_dies_leaves_no_folder(
    extracting: Extracting,
    claims: FolderClaims,
    ring: MemoryKeyRing,
    work_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And is a fault of our own, to be tried again."""
    monkeypatch.setattr(module, "work", child_work.die_of)
    envelope = await envelope_of(submitted(await claims.store(TEXT.encode())), ring)
    with pytest.raises(StepFailure) as failed:
        await results(extracting, envelope)
    assert failed.value.code is ErrorCode.EXTRACTOR_CRASHED
    assert names_in(work_folder) == set()
