"""What may be named in an erasure, and what is told before it."""

from dataclasses import asdict, fields
from uuid import UUID, uuid4

import pytest

from muniment.api.erasures.answers import MAX_DOCUMENTS
from muniment.producers.belongings import Script
from muniment.projections.erasures.queries import ErasureRow
from muniment.schemas.codec import decode


@pytest.mark.parametrize("kind", ["draft", "project"])
async def test_only_documents_are_erased_by_their_ids(world, kind):
    """Drafts and projects have keys of their own: erased as documents they would lose these, and keep their texts.

    That holds for those that are listed nowhere any more, as they were deleted: their past is kept.
    """
    made = uuid4()
    world.erasures.others[made] = kind
    body = {"document_ids": [str(uuid4()), str(made)], "reason": "asked by letter"}
    async with world.client() as http:
        refused = await http.post("/v1/erasures", headers=world.mine, json=body)
        taken = await http.post("/v1/erasures", headers=world.mine, json=body | {"document_ids": [str(uuid4())]})
    assert refused.status_code == 422, refused.text
    assert f"{made} is a {kind}" in refused.text
    assert taken.status_code == 202, taken.text
    assert len(world.publisher.sent) == 1


async def test_scripts_that_would_go_are_named_before(world):
    """Of whose draft is an episode's script by now; nothing is published, and whoever may not erase learns nothing."""
    document, mine, other = uuid4(), uuid4(), uuid4()
    world.erasures.named["acme", "anna"] = [document]
    world.erasures.asked["acme", "anna"] = [mine]
    world.erasures.scripts = [Script(uuid4(), uuid4(), "Winter", draft, 2, current=True) for draft in (mine, other)]
    async with world.client() as http:
        told = await http.post("/v1/erasures/preview", headers=world.mine, json={"subject": "anna"})
        nobody = await http.post("/v1/erasures/preview", headers=world.mine, json={})
        reader = await http.post("/v1/erasures/preview", headers=world.reader, json={"subject": "anna"})
    assert told.status_code == 200, told.text
    assert told.json()["documents"] == [str(document)]
    assert told.json()["drafts"] == [str(mine)]
    (script,) = told.json()["scripts"]
    assert script == {
        name: v if isinstance(v, str | int) else str(v) for name, v in asdict(world.erasures.scripts[0]).items()
    }
    assert (nobody.status_code, reader.status_code) == (422, 403)
    assert not world.publisher.sent


async def test_the_trail_of_a_document_has_its_erasure(world):
    """Who asked for it, who agreed, and who did not: whoever asks about one of the documents finds them."""
    one, other = uuid4(), uuid4()
    async with world.client() as http:
        body = {"document_ids": [str(one), str(other)], "reason": "asked by letter"}
        asked = await http.post("/v1/erasures", headers=world.mine, json=body)
        erasure_id = UUID(asked.json()["erasure_id"])
        world.erasures.rows[erasure_id] = requested(erasure_id, (one, other))
        for verb in ("confirm", "reject"):
            address = f"/v1/erasures/{erasure_id}/{verb}"
            answer = await http.post(address, headers=world.mine, json={"reason": "letter seen"})
            assert answer.status_code == 202, answer.text
    assert [(e.action, e.outcome, [d.document_id for d in e.documents]) for e in world.trail.entries()] == [
        ("erasure.request", "done", [one, other]),
        ("erasure.confirm", "done", [one, other]),
        ("erasure.reject", "done", [one, other]),
    ]


async def test_each_of_a_thousand_documents_finds_the_erasure_that_named_it(world):
    """An entry names a hundred of them, so there are ten: all of one command, none said twice."""
    many = [uuid4() for _ in range(MAX_DOCUMENTS)]
    async with world.client() as http:
        body = {"document_ids": [str(one) for one in many], "reason": "asked by letter"}
        asked = await http.post("/v1/erasures", headers=world.mine, json=body)
    assert asked.status_code == 202, asked.text
    entries = world.trail.entries()
    assert [d.document_id for e in entries for d in e.documents] == many
    assert {(e.action, e.entity) for e in entries} == {("erasure.request", asked.json()["erasure_id"])}
    assert {decode(r, lambda _: None).meta.correlation_id for r in world.trail.records} == {
        UUID(asked.json()["erasure_id"])
    }


def requested(erasure_id, documents):
    """An erasure that somebody else has asked for."""
    nothing = {f.name: None for f in fields(ErasureRow) if f.name not in {"stores", "refusals"}}
    told = {"status": "requested", "document_ids": documents, "requested_by": "key:other", "confirmations": 1}
    return ErasureRow(**nothing | told | {"erasure_id": erasure_id})
