"""What is held about a person."""

import asyncio
import io
import json
import random
import zipfile
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import NamedTuple
from uuid import uuid4

import pytest
from support.script_reads import MemoryScripts

from muniment.api.access import Principal
from muniment.api.pages import Page
from muniment.api.subjects.archive import Archive
from muniment.api.subjects.drafts import add_draft
from muniment.api.subjects.routes import _jobs, _said, _together
from muniment.producers.log_codec import LogCodec
from muniment.schemas.commands import DeleteDocument
from muniment.schemas.errors import StepFailure
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Record

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Records:
    """All that the log has of a document's id."""

    def __init__(self) -> None:
        self.held: list[Record] = []

    async def of(self, documents, since=None) -> AsyncIterator[Record]:
        del documents, since
        for record in self.held:
            yield record


class Deps(NamedTuple):
    """What the listing of events takes of the API's parts."""

    document_records: Records
    codec: LogCodec


async def test_an_export_has_nothing_of_another_tenants_document_of_the_same_id(world):
    """Whoever submits may choose the id of a document, and so one that somebody else has; the log has both."""
    records, document_id = Records(), uuid4()
    for number, tenant in enumerate(("acme", "globex", "acme")):
        await world.key_ring.create(tenant, document_id)
        job = uuid4()
        meta = Metadata(job, tenant, job, job, THEN, "muniment.api", actor="key:me")
        event = DeleteDocument(document_id=document_id, reason=f"said by {tenant}")
        records.held.append(replace(await world.codec.encode(event, meta), partition=0, offset=number))
    deps = Deps(records, world.codec)
    said = (await _said(deps, Principal("acme", "me"), {document_id: None}, None))[document_id]
    lines = b"".join([piece async for piece in said.pieces()]).splitlines()
    said.lines.close()
    assert [one["position"].rsplit(":", 1)[1] for one in said.listed] == ["0", "2"]
    assert [json.loads(line)["data"]["reason"] for line in lines] == ["said by acme", "said by acme"]


async def test_an_export_waits_for_a_lost_key(world):
    """What cannot be opened just now is held all the same: an export that left it out would not be whole."""
    records, document_id = Records(), uuid4()
    await world.key_ring.create("acme", document_id)
    meta = Metadata(uuid4(), "acme", uuid4(), uuid4(), THEN, "muniment.api", actor="key:me")
    event = DeleteDocument(document_id=document_id, reason="said")
    records.held.append(replace(await world.codec.encode(event, meta), partition=0, offset=0))
    world.key_ring.keys.clear()
    with pytest.raises(StepFailure, match="muniment keys restore"):
        await _said(Deps(records, world.codec), Principal("acme", "me"), {document_id: None}, None)


class Jobs:
    """A listing of three pages."""

    async def jobs(self, tenant, *, state, document_id, limit, cursor) -> Page:
        del tenant, state, document_id, limit
        number = int(cursor or 0)
        return Page([Job(number)], str(number + 1) if number < 2 else None)


class Job(NamedTuple):
    """A job of the listing."""

    number: int

    def model_dump(self, *, mode: str) -> dict[str, object]:
        del mode
        return {"number": self.number, "submitted_at": (THEN - timedelta(days=self.number)).isoformat()}


class Reading(NamedTuple):
    """What the listing of jobs takes of the API's parts."""

    reads: Jobs


async def test_an_export_has_every_job_however_many_pages_they_are():
    """All that is held is told, not the first page of it."""
    found = await _jobs(Reading(Jobs()), Principal("acme", "me"), uuid4())
    assert [one["number"] for one in found] == [0, 1, 2]


async def test_an_archive_is_put_together_beside_the_loop():
    """Whatever the pieces, their bytes are there; the loop goes on while a megabyte that compresses badly is added."""
    noise, turns = random.Random(1).randbytes(4 * 1024 * 1024), 0
    archive = Archive()

    async def pieces():
        for start in range(0, len(noise), 1000):
            yield noise[start : start + 1000]

    async def turning():
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(turning())
    await archive.add("small.txt", "a few words")
    before = turns
    await archive.add("large.bin", noise)
    assert turns > before + 10
    await archive.add_pieces("pieces.bin", pieces())
    task.cancel()
    with zipfile.ZipFile(io.BytesIO(b"".join([piece async for piece in archive.pieces()]))) as found:
        assert [found.read(name) for name in found.namelist()] == [b"a few words", noise, noise]


async def test_documents_of_one_export_are_read_from_the_log_together(world):
    """From when the first command about one of them was sent, however long it waited; else from the beginning."""
    asked, waited = [], THEN - timedelta(days=2)

    class Log(Records):
        def of(self, documents, since=None):
            asked.append((len(documents), since))
            return super().of(documents, since)

    first, second = uuid4(), uuid4()

    class Reads(Jobs):
        async def document(self, tenant, document):
            del tenant
            began = {first: THEN, second: THEN.replace(year=2027)}.get(document)
            return began and SimpleNamespace(created_at=began, model_dump=lambda mode: {})

        async def versions(self, tenant, document):
            del tenant, document
            return []

    deps = SimpleNamespace(document_records=Log(), codec=world.codec, reads=Reads())
    for documents in ([first, second], [first, uuid4()]):
        archive = Archive()
        found = await _together(deps, Principal("acme", "me"), documents, archive)
        assert [one["document_id"] for one in found] == [str(one) for one in documents]
        archive.drop()
    assert asked == [(2, waited), (2, None)]


async def test_an_exported_draft_has_its_words_as_files(world):
    """Brief and text beside what is told of it, with every document it goes back to; one that is gone by its id."""
    mine, other, never = uuid4(), uuid4(), uuid4()
    scripts = MemoryScripts()
    asked = scripts.add("acme", brief="about me", text="So I am.")
    deps = SimpleNamespace(scripts=scripts)
    archive = Archive()
    found = {asked: (mine, other), never: (mine,)}
    told = [await add_draft(deps, Principal("acme", "key"), one, of, archive) for one, of in found.items()]
    with zipfile.ZipFile(io.BytesIO(b"".join([piece async for piece in archive.pieces()]))) as files:
        words = {name: files.read(name).decode() for name in files.namelist()}
    assert (words[told[0]["brief"]], words[told[0]["text"]]) == ("about me", "So I am.")
    assert told[0]["documents"] == [str(mine), str(other)]
    assert "So I am." not in json.dumps(told)
    assert (told[1]["documents"], told[1]["draft"]) == ([str(mine)], None)
    assert (await add_draft(deps, Principal("umbrella", "key"), asked, (), archive))["draft"] is None


async def test_nobody_has_an_export_of_whom_nothing_is_held(world):
    """Neither documents nor drafts: 404, also for another tenant's person of that name."""
    world.erasures.asked["umbrella", "me"] = [uuid4()]
    async with world.client() as http:
        assert (await http.get("/v1/subjects/me/export", headers=world.mine)).status_code == 404
