"""Routes of histories."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from muniment.projections.history.entry import entry_of
from muniment.projections.history.queries import Cause, Change, Happened
from muniment.schemas.commands import DeleteDocument
from muniment.schemas.metadata import Metadata

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


async def recorded(world, document_id, *, destroyed=False):
    """A deletion on the log, with the entry that leads to it."""
    job = uuid4()
    await world.key_ring.create("acme", document_id)
    meta = Metadata(job, "acme", job, job, THEN, "muniment.api", actor="key:me")
    record = await world.codec.encode(DeleteDocument(document_id=document_id, reason="no longer needed"), meta)
    placed = replace(record, partition=2, offset=9)
    world.records.held["muniment.commands.documents:2:9"] = placed
    if destroyed:
        await world.key_ring.destroy("acme", document_id)
    return entry_of(placed)


async def test_an_entry_tells_when_who_why_and_what(world):
    """The reason is opened from the log itself; after an erasure it is the redaction mark."""
    for destroyed, reason in ((False, "no longer needed"), (True, "[redacted]")):
        document_id = uuid4()
        entry = await recorded(world, document_id, destroyed=destroyed)
        cause = Cause(uuid4(), "SubmitDocument", "muniment.commands.documents:00001:0000000000000000003")
        change = Change("version 1", "title", "Leave", None)
        world.reads.happened["acme", document_id] = [Happened(entry, (cause,), (change,))]
        async with world.client() as http:
            told = await http.get(f"/v1/documents/{document_id}/history", headers=world.mine)
        assert told.status_code == 200, told.text
        (item,) = told.json()["items"]
        assert (item["position"], item["at"]) == ("muniment.commands.documents:2:9", "2026-01-02T03:04:05Z")
        assert (item["event"], item["actor"], item["reason"]) == ("DeleteDocument", "key:me", reason)
        assert item["causes"][0]["position"] == "muniment.commands.documents:1:3"
        assert item["changes"] == [{"of": "version 1", "field": "title", "before": "Leave", "after": None}]


async def test_a_reason_whose_key_was_lost_is_waited_for(world):
    """The key store is empty: 503 says what to do; told as redacted, it would pass for erased."""
    document_id = uuid4()
    world.reads.happened["acme", document_id] = [Happened(await recorded(world, document_id))]
    world.key_ring.keys.clear()
    async with world.client() as http:
        told = await http.get(f"/v1/documents/{document_id}/history", headers=world.mine)
    assert (told.status_code, told.json()["code"]) == (503, "key_ring_unusable")
    for text in (told.json()["detail"], told.json()["what_to_do"]):
        assert "`muniment keys restore`" in text
        assert "`muniment keys give-up --key " in text


async def test_a_history_wants_the_scope_and_a_thing_of_the_tenant(world):
    """Without `audit` 403; of what is not there, or is somebody else's, 404."""
    document_id, job_id = uuid4(), uuid4()
    entry = await recorded(world, document_id)
    world.reads.happened |= {("acme", document_id): [Happened(entry)], ("acme", job_id): [Happened(entry)]}
    async with world.client() as http:
        for path in (f"/v1/documents/{document_id}/history", f"/v1/jobs/{job_id}/history"):
            assert (await http.get(path, headers=world.reader)).status_code == 403
            assert (await http.get(path, headers=world.theirs)).status_code == 404
            assert (await http.get(path, headers=world.mine)).status_code == 200
