"""What operators do with dead letters: every change is a command, and nothing is done that nobody has seen."""

import json
from dataclasses import replace
from uuid import uuid4

import pytest
from support.operation_reads import NOW

from muniment.api.dead_letters.requests import unconfirmed
from muniment.api.operation_reads.answers import Redrive
from muniment.api.operation_reads.rows import letter_place
from muniment.schemas.documents import DocumentDeleted
from muniment.schemas.metadata import Metadata
from muniment.schemas.operation_commands import (
    DiscardDeadLetters,
    EditDeadLetter,
    RedriveDeadLetters,
    StopRedrive,
)
from muniment.schemas.personal import REDACTED
from muniment.schemas.record import Position, Record
from muniment.schemas.script_commands import DiscardDraft

WHY = {"reason": "the endpoint is back"}


async def test_a_redrive_of_a_selection_is_a_command(world):
    """Selection, rate, canary, reason and who: all of it is on the record, and the answer says where."""
    world.reads.add_letters(3)
    body = {"selection": {"code": "provider_rejected", "from": "2026-11-01T00:00:00Z"}, "rate": 2, "canary": 1, **WHY}
    async with world.client() as http:
        answer = await http.post("/v1/dead-letters/redrive", json=body, headers=world.operator)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/operations/{answer.json()['operation_id']}"
    assert answer.headers["muniment-position"] == answer.json()["position"]
    [sent] = await world.sent()
    assert sent.event == RedriveDeadLetters(
        letters=(),
        selection={"code": "provider_rejected", "from": "2026-11-01T00:00:00+00:00"},
        rate=2.0,
        canary=1,
        confirmed=0,
        force=False,
        reason=WHY["reason"],
    )
    assert (sent.meta.actor, sent.meta.tenant) == ("key:id-operator", "acme")
    assert str(sent.meta.event_id) == answer.json()["operation_id"]


async def test_a_dry_run_publishes_nothing(world):
    """It counts what waits, by cause, and shows some of it."""
    world.reads.add_letters(12)
    world.reads.add_letters(2, fingerprint="beef", step="chunking")
    world.reads.add_letters(5, status="redriven")
    async with world.client() as http:
        for path in ("redrive", "discard"):
            answer = await http.post(
                f"/v1/dead-letters/{path}?dry_run=true", json={"selection": {}, **WHY}, headers=world.operator
            )
            assert answer.status_code == 200, answer.text
            found = answer.json()
            assert found["letters"] == 14
            assert {g["fingerprint"]: g["letters"] for g in found["groups"]} == {"f00d": 12, "beef": 2}
            assert len(found["sample"]) == 10
    assert not world.publisher.sent


async def test_letters_that_nobody_would_take_up_are_left_out(world):
    """A look at a redrive tells of those of dropped and paused models and what to do; a discard takes them."""
    world.reads.resting = {"old#8": "dropped", "next#8": "paused"}
    world.reads.add_letters(2, step="reembedding", branch="old#8")
    world.reads.add_letters(3, step="reembedding", branch="next#8")
    body = {"selection": {}, **WHY}
    async with world.client() as http:
        refused = await http.post("/v1/dead-letters/redrive", json=body, headers=world.operator)
        assert (refused.status_code, refused.json()["code"]) == (409, "nothing_selected")
        assert "3 of next#8, which is paused (`muniment embeddings resume 'next#8'" in refused.json()["detail"]
        assert "2 of old#8, which is dropped (nothing is embedded with it any more" in refused.json()["detail"]
        world.reads.add_letters(4)
        look = await http.post("/v1/dead-letters/redrive?dry_run=true", json=body, headers=world.operator)
        assert look.json()["letters"] == 4
        left = [(one["model"], one["state"], one["letters"]) for one in look.json()["left_out"]]
        assert left == [("next#8", "paused", 3), ("old#8", "dropped", 2)]
        look = await http.post("/v1/dead-letters/discard?dry_run=true", json=body, headers=world.operator)
        assert (look.json()["letters"], look.json()["left_out"]) == (9, [])
        letter = await http.get("/v1/dead-letters/0-0", headers=world.reader)
        assert letter.json()["branch"] == "old#8"


async def test_letters_of_all_causes_count(world):
    """Of many causes some are shown; the count that a person confirms is that of all, as the decider finds them."""
    for number in range(201):
        world.reads.add_letters(2, fingerprint=f"{number:04x}")
    async with world.client() as http:
        for path in ("redrive", "discard"):
            answer = await http.post(
                f"/v1/dead-letters/{path}?dry_run=true", json={"selection": {}, **WHY}, headers=world.operator
            )
            found = answer.json()
            assert (found["letters"], len(found["groups"])) == (402, 200)
            short = {"selection": {}, "confirmed": 350, **WHY}
            answer = await http.post(f"/v1/dead-letters/{path}", json=short, headers=world.operator)
            assert (answer.status_code, answer.json()["letters"]) == (409, 402)


async def test_many_letters_want_a_persons_word(world):
    """Over a hundred, the count has to come back; a count that is out of date does not do."""
    world.reads.add_letters(150)
    async with world.client() as http:
        for path in ("redrive", "discard"):
            for confirmed, status in ((0, 409), (20, 409), (150, 202)):
                body = {"selection": {}, "confirmed": confirmed, **WHY}
                answer = await http.post(f"/v1/dead-letters/{path}", json=body, headers=world.operator)
                assert answer.status_code == status, answer.text
                if status == 409:
                    assert (answer.json()["code"], answer.json()["letters"]) == ("confirmation_needed", 150)
    assert len(world.publisher.sent) == 2


def test_a_hundred_go_without_asking():
    """The border is above a hundred; a few more than were shown are let through."""
    assert [unconfirmed(*pair) for pair in ((100, 0), (101, 0), (105, 100), (150, 100))] == [False, True, False, True]


async def test_only_what_waits_is_touched(world):
    """A letter that was redriven, or a quarantined one without force, is not there to be redriven."""
    [done] = world.reads.add_letters(1, status="redriven")
    [worse] = world.reads.add_letters(1, status="quarantined")
    async with world.client() as http:

        async def redriven(*letters, **more):
            body = {"letters": letters, **WHY, **more}
            return await http.post("/v1/dead-letters/redrive", json=body, headers=world.operator)

        assert (await redriven(done)).json()["code"] == "nothing_selected"
        assert (await redriven(worse)).status_code == 409
        assert (await redriven("7-7")).status_code == 409
        assert (await redriven(worse, worse, force=True)).status_code == 202
        discard = {"letters": [worse], **WHY}
        assert (await http.post("/v1/dead-letters/discard", json=discard, headers=world.operator)).status_code == 202
    first, second = [envelope.event for envelope in await world.sent()]
    assert first.letters == (letter_place(worse),)
    assert isinstance(second, DiscardDeadLetters)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"letters": []},
        {"letters": ["0-1"], "selection": {}},
        {"letters": ["muniment.dlq:0:1"]},
        {"selection": {"colour": "blue"}},
        {"selection": {"from": "2026-11-01T00:00:00"}},
        {"selection": {}, "reason": "   "},
        {"selection": {}, "rate": 0},
    ],
)
async def test_a_request_that_is_not_plain_is_refused(world, wrong):
    """Nothing is guessed: letters or a selection, a reason that says something, known parts only."""
    async with world.client() as http:
        answer = await http.post("/v1/dead-letters/redrive", json={**WHY, **wrong}, headers=world.operator)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert not world.publisher.sent


async def buried(world, letter, event):
    """Let the log hold an event as that dead letter."""
    record = await world.codec.encode(event, Metadata(uuid4(), "acme", uuid4(), uuid4(), NOW, "muniment.test"))
    world.records.held[letter_place(letter)] = replace(record, topic="muniment.dlq")


def deleted(document_id):
    return DocumentDeleted(document_id=document_id, version=1, job_id=uuid4(), jobs=(), reason="on request")


async def test_an_edit_is_sealed_and_keeps_its_patch(world):
    """The patch goes under the document's key; whoever reads the log without it sees no text."""
    document_id = uuid4()
    await world.key_ring.create("acme", document_id)
    [one] = world.reads.add_letters(1, document_id=document_id)
    await buried(world, one, deleted(document_id))
    patch = [{"op": "replace", "path": "/title", "value": "SECRET"}, {"op": "move", "path": "/a", "from": "/b"}]
    async with world.client() as http:
        path = f"/v1/dead-letters/{one}/edit"
        answer = await http.post(path, json={"patch": patch, **WHY}, headers=world.operator)
        bad = [{"op": "replace", "path": "/title"}]
        assert (await http.post(path, json={"patch": bad, **WHY}, headers=world.operator)).status_code == 422
    assert answer.status_code == 202, answer.text
    [sent] = await world.sent()
    assert isinstance(sent.event, EditDeadLetter)
    assert json.loads(sent.event.patch) == patch
    assert b"SECRET" not in world.publisher.sent[0].value


async def test_half_a_character_in_an_edit_is_for_the_decider(world):
    """JSON can name what no record can hold: it is written down as it came, and decided like any patch."""
    document_id = uuid4()
    await world.key_ring.create("acme", document_id)
    [one] = world.reads.add_letters(1, document_id=document_id)
    await buried(world, one, deleted(document_id))
    body = r'{"patch": [{"op": "add", "path": "/title", "value": "\ud800 \\ud800 \uac00"}], "reason": "a typo"}'
    headers = world.operator | {"content-type": "application/json"}
    async with world.client() as http:
        answer = await http.post(f"/v1/dead-letters/{one}/edit", content=body, headers=headers)
    assert answer.status_code == 202, answer.text
    [sent] = await world.sent()
    assert json.loads(sent.event.patch) == json.loads(body)["patch"]
    assert "\uac00" in sent.event.patch


async def test_the_edit_of_a_drafts_letter_is_sealed_for_the_draft(world):
    """Its key names the project, which outlives it: what erases the draft has to erase the patch."""
    project_id, draft_id = uuid4(), uuid4()
    for owner in (project_id, draft_id):
        await world.key_ring.create("acme", owner)
    [one] = world.reads.add_letters(1, document_id=project_id)
    gone = DiscardDraft(project_id=project_id, episode_id=uuid4(), draft_id=draft_id, reason="too long")
    await buried(world, one, gone)
    body = {"patch": [{"op": "replace", "path": "/reason", "value": "SECRET"}], **WHY}
    async with world.client() as http:
        path = f"/v1/dead-letters/{one}/edit"
        answer = await http.post(path, json=body, headers=world.operator)
        assert answer.status_code == 202, answer.text
        [sent] = await world.sent()
        assert (sent.event.document_id, "SECRET" in sent.event.patch) == (project_id, True)
        await world.key_ring.destroy("acme", draft_id)
        [sent] = await world.sent()
        assert sent.event.patch is REDACTED
        assert (await http.post(path, json=body, headers=world.operator)).json()["code"] == "key_destroyed"


async def test_a_letter_that_cannot_be_read_cannot_be_edited(world):
    """Nobody can say what a patch of it would have to be sealed for: gone from the log, or no record of ours."""
    document_id = uuid4()
    await world.key_ring.create("acme", document_id)
    [one] = world.reads.add_letters(1, document_id=document_id)
    body = {"patch": [{"op": "remove", "path": "/title"}], **WHY}
    async with world.client() as http:
        for held in ({}, {letter_place(one): Record("muniment.dlq", b"k", b"junk", ())}):
            world.records.held = held
            answer = await http.post(f"/v1/dead-letters/{one}/edit", json=body, headers=world.operator)
            assert (answer.status_code, answer.json()["code"]) == (409, "not_readable")
    assert not world.publisher.sent


async def test_only_a_waiting_letter_of_a_document_can_be_edited(world):
    """One without a document has no key; one that is under way is somebody else's now."""
    [nameless] = world.reads.add_letters(1)
    [gone] = world.reads.add_letters(1, document_id=uuid4(), status="redriving")
    body = {"patch": [{"op": "remove", "path": "/title"}], **WHY}
    async with world.client() as http:
        for letter in (nameless, gone):
            answer = await http.post(f"/v1/dead-letters/{letter}/edit", json=body, headers=world.operator)
            assert (answer.status_code, answer.json()["code"]) == (409, "not_editable")


async def test_a_record_is_shown_to_operators_only(world):
    """Decoded, with what is gone redacted; a reader's scope does not do."""
    document_id = uuid4()
    [one] = world.reads.add_letters(1, document_id=document_id)
    await world.key_ring.create("acme", document_id)
    await buried(world, one, deleted(document_id))
    async with world.client() as http:
        path = f"/v1/dead-letters/{one}/record"
        shown = (await http.get(path, headers=world.operator)).json()
        assert (shown["event"], shown["data"]["reason"], shown["redacted"]) == ("DocumentDeleted.v1", "on request", [])
        assert (await http.get(path, headers=world.reader)).status_code == 403
        await world.key_ring.destroy("acme", document_id)
        shown = (await http.get(path, headers=world.operator)).json()
        assert (shown["data"]["reason"], shown["redacted"]) == ("[redacted]", ["reason"])
        world.records.held[letter_place(one)] = Record("muniment.dlq", b"k", b"junk", ())
        assert (await http.get(path, headers=world.operator)).json()["code"] == "not_readable"


async def test_a_record_whose_key_was_lost_is_waited_for(world):
    """The key store is empty: 503, and neither redacted nor unreadable for good."""
    document_id = uuid4()
    [one] = world.reads.add_letters(1, document_id=document_id)
    await world.key_ring.create("acme", document_id)
    await buried(world, one, deleted(document_id))
    world.key_ring.keys.clear()
    async with world.client() as http:
        shown = await http.get(f"/v1/dead-letters/{one}/record", headers=world.operator)
    assert (shown.status_code, shown.json()["code"]) == (503, "key_ring_unusable")


async def test_letters_without_a_tenant_are_an_operators(world):
    """What names no tenant must not be seen by nobody: operators see it, others do not."""
    world.reads.add_letters(1, tenant="")
    async with world.client() as http:
        counts = [
            len((await http.get("/v1/dead-letters", headers=who)).json()["items"])
            for who in (world.reader, world.mine, world.theirs)
        ]
    assert counts == [0, 1, 1]


async def test_a_running_redrive_can_be_stopped(world):
    """By its id, with a reason; one that is somebody else's is not there."""
    redrive_id = uuid4()
    world.reads.of_redrives["acme"][redrive_id] = Redrive(
        redrive_id=redrive_id, state="running", letters=3, redriven=1, failed=0, left=2, rate=1, canary=0,
        selection={}, reason="why", actor="key:a", started_at=NOW,
    )  # fmt: skip
    async with world.client() as http:
        answer = await http.post(f"/v1/redrives/{redrive_id}/stop", json=WHY, headers=world.operator)
        assert answer.status_code == 202
        assert (await http.get(f"/v1/redrives/{redrive_id}", headers=world.theirs)).status_code == 404
    [sent] = await world.sent()
    assert sent.event == StopRedrive(redrive_id=redrive_id, reason=WHY["reason"])


async def test_a_letters_place_and_id_lead_to_each_other(world):
    """What answers call a letter and what the log calls it are the same place."""
    [one] = world.reads.add_letters(1)
    assert Position.parse(letter_place(one)) == Position("muniment.dlq", 0, 0)
