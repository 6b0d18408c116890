"""An erasure from its request to its receipt, on a real Postgres: every stage, in its order, as often as it takes."""

import json
from datetime import timedelta
from uuid import uuid4

from support.erasing_house import TENANT, House

from muniment.api.outbox.postgres import Outbox
from muniment.schemas.audit import ActionAudited
from muniment.schemas.documents import DocumentErased
from muniment.schemas.erasures import (
    ErasureCompleted,
    ErasureConfirmed,
    ErasureRequested,
    KeysDestroyed,
    StoreErased,
)
from muniment.schemas.proofs.signatures import Signature
from muniment.schemas.record import Record
from muniment.schemas.topics import COMMANDS_DOCUMENTS
from muniment.stream_apps.erasing.receipt import PURPOSE, digest
from muniment.stream_apps.erasing.trail import KEYS_DESTROYED


async def test_from_request_to_receipt(house: House) -> None:
    """All documents of the person go, and nobody else's; the receipt lists every store and its signature is good."""
    mine, also, other = await house.document("anna"), await house.document("anna"), await house.document("ben", b"x")
    erasure_id = await house.ask(subject="anna")
    await house.finish()
    assert (await house.ring.current(TENANT, mine), await house.ring.current(TENANT, also)) == (None, None)
    assert await house.ring.current(TENANT, other) is not None
    blobs = [path for path in (house.home / "blobs").rglob("*") if path.is_file()]
    assert [path.read_bytes() for path in blobs] == [b"x"]
    assert {event.document_id for event in house.events(DocumentErased)} == {mine, also}
    (requested,), (confirmed,) = house.events(ErasureRequested), house.events(ErasureConfirmed)
    assert "anna" not in requested.subject
    assert confirmed.erasure_id == erasure_id
    (keys,), (completed,) = house.events(KeysDestroyed), house.events(ErasureCompleted)
    (entered,) = house.events(ActionAudited)
    assert (entered.actor, entered.action, entered.entity) == ("process:erasing", KEYS_DESTROYED, str(erasure_id))
    assert {one.document_id for one in entered.documents} == {mine, also}
    assert (set(keys.document_ids), keys.keys, completed.documents, completed.keys) == ({mine, also}, 2, 2, 2)
    told = json.loads(completed.receipt)
    removed = {one["store"]: one["removed"] for one in told["stores"]}
    assert [one["store"] for one in told["stores"]] == [event.store for event in house.events(StoreErased)]
    assert (removed["keys"], removed["persons"], removed["blobs"]) == (2, 2, 2)
    assert told["documents"] == sorted([str(mine), str(also)])
    signature = Signature(completed.key_id, completed.signature)
    assert house.signer.verify(PURPOSE, completed.receipt.encode(), signature)
    assert not house.signer.verify(PURPOSE, completed.receipt.replace("2", "3").encode(), signature)
    assert completed.receipt_hash == digest(completed.receipt)
    assert await house.subjects.documents(TENANT, await house.subjects.tag(TENANT, "anna")) == ()


async def test_no_store_is_asked_while_a_read_model_is_behind(house: House) -> None:
    """The keys go, but what a read model has not folded yet could still be written by it."""
    document = await house.document()
    await house.ask([document])
    house.behind = ["chunks"]
    await house.finish()
    assert (len(house.events(KeysDestroyed)), house.events(StoreErased)) == (1, [])
    house.behind = []
    await house.finish()
    assert len(house.events(ErasureCompleted)) == 1


async def test_a_command_that_lies_on_the_log_twice_holds_nothing_up(house: House) -> None:
    """Whoever sent it was killed, or never told: it is decided once, and nothing on the log follows the second one."""
    document = await house.document()
    await house.ask([document])
    while (await house.store.under_way())[0].stage != "ending":
        await house.eraser.turn()
        house.now += timedelta(seconds=5)
    await house.pool.execute("update muniment_erasing.erasures set stage = 'telling'")
    await house.eraser.turn()
    told = [record for record in house.log.sent if record.topic == COMMANDS_DOCUMENTS.name]
    assert [record.offset for record in told] == [0, 1]
    while (found := (await house.store.under_way())[0]).stage != "waiting":
        await house.finish(turns=1)
    assert found.ends == await house.ends(), "there is nothing that read models could not come to"
    await house.finish()
    assert len(house.events(DocumentErased)) == 1
    assert len(house.events(ErasureCompleted)) == 1


async def test_what_an_older_program_took_further_waits_for_all_there_is(house: House) -> None:
    """It noted no ends: they are asked for before any store is emptied, and read models have to come so far."""
    await house.ask([await house.document()])
    while (await house.store.under_way())[0].stage != "waiting":
        await house.finish(turns=1)
    await house.pool.execute("update muniment_erasing.erasures set ends = null, positions = '{\"0\": 7}'")
    house.behind = ["chunks"]
    await house.finish()
    (found,) = await house.store.under_way()
    assert (found.stage, found.ends, house.events(StoreErased)) == ("waiting", await house.ends(), [])
    house.behind = []
    await house.finish()
    assert len(house.events(ErasureCompleted)) == 1


async def test_keys_stay_until_the_deciders_have_spoken(house: House) -> None:
    """While a document's command is undecided its key is there: what is decided before needs it."""
    document = await house.document()
    await house.ask([document])
    for _ in range(5):
        await house.eraser.turn()
        house.now += timedelta(seconds=5)
    assert await house.ring.current(TENANT, document) is not None
    assert house.events(KeysDestroyed) == []
    await house.finish()
    assert len(house.events(ErasureCompleted)) == 1


async def test_a_blob_that_another_document_holds_stays_for_it(house: House) -> None:
    """It is counted as kept, and the other document still has it."""
    mine, other = await house.document(), await house.document()
    await house.ask([mine])
    await house.finish()
    report = next(event for event in house.events(StoreErased) if event.store == "blobs")
    assert (report.removed, report.kept) == (1, 1)
    assert await house.pool.fetchval("select count(*) from muniment_claims.claims where document_id = $1", other) == 1


async def test_what_waited_for_the_log_goes_of_the_tenant_alone(house: House) -> None:
    """Others may have a document of the same id: their rows stay, and are on nobody else's receipt."""
    document, others = await house.document(), ["rival", "tenant", "normal"]
    for whose in (TENANT, *others):
        command = Record("t", str(document).encode(), b"", (("tenant", whose.encode()), ("lane", b"normal")))
        number = await Outbox(house.pool).put(uuid4(), command)
        await house.pool.execute(
            "update muniment_access.outbox set position = 't:0:1', drained_at = now() where number = $1", number
        )
    await house.ask([document])
    await house.finish()
    left = await house.pool.fetch("select headers -> 0 ->> 1 as tenant from muniment_access.outbox order by number")
    assert [row["tenant"] for row in left] == others
    report = next(event for event in house.events(StoreErased) if event.store == "answers to requests")
    assert report.removed == 1


async def test_file_names_leave_kept_answers(house: House) -> None:
    """The answer to a batch stays for who repeats the request, with the name of the erased document taken out."""
    document, other = await house.document(), uuid4()
    items = [{"file_name": f"{d}.md", "document_id": str(d)} for d in (document, other)]
    await house.pool.execute(
        "insert into muniment_access.idempotency (tenant, key, fingerprint, job_id, document_id, holder, status, body,"
        " expires_at) values ($1, 'k', '', $2, $2, $2, 202, $3, now() + interval '1 day')",
        TENANT,
        uuid4(),
        json.dumps({"items": items}).encode(),
    )
    await house.ask([document])
    await house.finish()
    kept = json.loads(await house.pool.fetchval("select body from muniment_access.idempotency"))
    assert [item["file_name"] for item in kept["items"]] == ["[redacted]", f"{other}.md"]
