"""The keys of what is sealed on the topics: who gets them, and who never does."""

import base64
from uuid import uuid4

from muniment.schemas.audit import ActionAudited

PATH = "/v1/data-keys"


async def test_a_consumer_with_the_right_gets_the_key(world):
    """The very key that seals, with its document and how long it may be held; no cache on the way keeps it."""
    document = uuid4()
    key = await world.key_ring.create("acme", document)
    async with world.client() as http:
        answer = await http.get(f"{PATH}/{key.key_id}", headers=world.mine)
    assert answer.status_code == 200
    body = answer.json()
    assert base64.b64decode(body["secret"]) == key.secret
    assert (body["data_key_id"], body["document_id"]) == (str(key.key_id), str(document))
    assert 0 < body["hold_s"] <= 60
    assert answer.headers["cache-control"] == "no-store"


async def test_nobody_else_gets_it(world):
    """Without the scope it is 403; for another tenant the key is not there, word for word as one that never was."""
    key = await world.key_ring.create("acme", uuid4())
    async with world.client() as http:
        assert (await http.get(f"{PATH}/{key.key_id}", headers=world.reader)).status_code == 403
        assert (await http.get(f"{PATH}/{key.key_id}", headers=world.operator)).status_code == 403
        theirs = await http.get(f"{PATH}/{key.key_id}", headers=world.theirs)
        never = await http.get(f"{PATH}/{uuid4()}", headers=world.mine)
    assert theirs.status_code == never.status_code == 404
    assert theirs.json()["detail"] == never.json()["detail"]


async def test_a_destroyed_key_is_gone(world):
    """410 tells it apart from a key that never was; for another tenant there is still nothing."""
    document = uuid4()
    key = await world.key_ring.create("acme", document)
    await world.key_ring.destroy("acme", document)
    async with world.client() as http:
        mine = await http.get(f"{PATH}/{key.key_id}", headers=world.mine)
        theirs = await http.get(f"{PATH}/{key.key_id}", headers=world.theirs)
    assert (mine.status_code, mine.json()["code"]) == (410, "key_destroyed")
    assert theirs.status_code == 404


async def test_every_use_is_in_the_trail(world):
    """Who got which key, and of which document; who was refused, too."""
    document = uuid4()
    key = await world.key_ring.create("acme", document)
    async with world.client() as http:
        for caller in (world.mine, world.theirs, world.reader):
            await http.get(f"{PATH}/{key.key_id}", headers=caller)
    entries = [one for one in world.trail.entries() if isinstance(one, ActionAudited)]
    assert [(one.action, one.entity, one.outcome) for one in entries] == [
        ("data_key.read", str(key.key_id), "done"),
        ("data_key.read", str(key.key_id), "refused"),
        ("data_key.read", str(key.key_id), "denied"),
    ]
    assert [one.document_id for one in entries[0].documents] == [document]
    assert entries[1].documents == ()
