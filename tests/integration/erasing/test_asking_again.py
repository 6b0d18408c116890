"""Retention asks once more when nothing new is taken for its documents: what was changed meanwhile stays."""

import contextlib
import json
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from support.erasing_house import TENANT, House

from muniment.producers.erasing_fence import is_lost, is_up
from muniment.schemas.documents import DocumentErased
from muniment.schemas.erasures import ErasureCompleted, KeysDestroyed, StoreErased
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

DAYS = 30
RULE = {"origin": "retention", "reason": f"retention: unchanged for {DAYS} days"}


async def old(house: House) -> UUID:
    """A document with its key whose newest version is too old."""
    document = await house.document()
    schema = await house.pool.fetchval("select schema from read.live where projection = 'documents'")
    await house.pool.execute(
        f"insert into {schema}.documents (tenant, document_id, status, latest_version, deleted_up_to, updated_at)"
        " values ($1, $2, 'indexed', 1, 0, $3)",
        TENANT,
        document,
        house.now - timedelta(days=DAYS + 1),
    )
    return document


async def changed(house: House, document: UUID) -> None:
    """A new version of it was folded."""
    schema = await house.pool.fetchval("select schema from read.live where projection = 'documents'")
    await house.pool.execute(
        f"update {schema}.documents set updated_at = $2 where document_id = $1", document, house.now
    )


async def accepted(house: House, document: UUID, *, version: int | None = None, end: str | None = None) -> None:
    """A new version of it was accepted, and came so far."""
    schema = await house.pool.fetchval("select schema from read.live where projection = 'jobs'")
    await house.pool.execute(
        f"""insert into {schema}.jobs (job_id, tenant, document_id, kind, created_at, version, "end")"""
        " values ($1, $2, $3, 'submit', $4, $5, $6)",
        uuid4(),
        TENANT,
        document,
        house.now,
        version,
        end,
    )


async def put_by(house: House, document: UUID, tenant: str = TENANT) -> None:
    """A new version of it was accepted while the log was away."""
    await house.pool.execute(
        "insert into muniment_access.outbox (command_id, topic, key, value, headers) values ($1, 't', $2, '', $3)",
        uuid4(),
        str(document).encode(),
        json.dumps([["tenant", tenant]]),
    )


async def test_what_was_changed_since_stays_and_the_receipt_says_so(house: House) -> None:
    """Folded, under way, whole but not folded, put by: each keeps its key; one whose new version failed goes.

    So does one whose id is that of a document of another tenant for which a new version was put by.
    """
    gone, failed, folded, working, whole, put = [await old(house) for _ in range(6)]
    kept = [folded, working, whole, put]
    await house.ask([gone, failed, *kept], **RULE)
    await house.eraser.turn()
    await changed(house, folded)
    await accepted(house, working)
    await accepted(house, whole, version=2, end="succeeded")
    await accepted(house, failed, end="refused")
    await put_by(house, put)
    await put_by(house, gone, tenant="rival")
    await house.finish()
    (completed,) = house.events(ErasureCompleted)
    assert [await house.ring.current(TENANT, one) is not None for one in (gone, failed, *kept)] == [False] * 2 + [
        True
    ] * 4
    assert {event.document_id for event in house.events(DocumentErased)} == {gone, failed}
    told = json.loads(completed.receipt)
    assert (completed.documents, completed.keys) == (2, 2)
    assert told["documents"] == sorted([str(gone), str(failed)])
    assert told["documents_left_as_changed"] == sorted(str(one) for one in kept)
    removed = {one["store"]: one["removed"] for one in told["stores"]}
    assert (removed["keys"], removed["blobs"]) == (2, 2), "what stays is not counted"


async def test_nothing_new_is_taken_while_it_asks_and_what_was_is_decided_as_ever(house: House) -> None:
    """It asks only when the fence was up for a while, and all that was accepted before is told by the read models."""
    document = await old(house)
    await house.ask([document], **RULE)
    await house.eraser.turn()
    house.unseen = ["jobs"]
    for _ in range(5):
        house.now += timedelta(seconds=2)
        await house.eraser.turn()
        assert (await house.store.under_way())[0].stage == "asking"
        assert await is_up(house.pool, TENANT, document)
        assert not await is_lost(house.pool, TENANT, document, None)
    await accepted(house, document)
    house.unseen = []
    await house.finish()
    assert await house.ring.current(TENANT, document) is not None
    assert not await is_up(house.pool, TENANT, document)


async def test_an_erasure_of_which_nothing_is_left_ends_at_once(house: House) -> None:
    """No document is decided on, no store asked; the log and the receipt say that all were left."""
    document = await old(house)
    await house.ask([document], **RULE)
    await changed(house, document)
    await house.finish()
    (completed,), (keys,) = house.events(ErasureCompleted), house.events(KeysDestroyed)
    assert (completed.documents, completed.keys, keys.document_ids) == (0, 0, ())
    assert json.loads(completed.receipt)["documents_left_as_changed"] == [str(document)]
    assert (house.events(DocumentErased), house.events(StoreErased), await house.store.under_way()) == ([], [], [])


@pytest.mark.parametrize("how", [{"origin": "request"}, {"origin": "request", "reason": RULE["reason"]}])
async def test_what_people_ask_for_is_not_asked_again(house: House, how: dict[str, str]) -> None:
    """A document that was changed a moment ago goes as well when somebody wants it gone."""
    document = await old(house)
    await house.ask([document], **how)
    await changed(house, document)
    await house.finish()
    assert await house.ring.current(TENANT, document) is None
    assert "documents_left_as_changed" not in json.loads(house.events(ErasureCompleted)[0].receipt)


async def test_nothing_begins_while_read_models_are_far_behind(house: House) -> None:
    """No document of it is fenced for as long as that takes; a request of a person goes on meanwhile."""
    document = await old(house)
    await house.ask([document], **RULE)
    house.unseen = ["jobs"]
    for _ in range(25):
        await house.ask([uuid4()], **RULE)
    asked = await house.document()
    await house.ask([asked])
    for _ in range(40):
        house.now += timedelta(seconds=10)
        await house.eraser.turn()
        assert not await is_up(house.pool, TENANT, document)
    assert await is_up(house.pool, TENANT, asked)
    house.unseen = []
    await house.finish()
    assert await house.ring.current(TENANT, document) is None


async def test_the_fence_comes_down_after_a_minute_and_all_is_asked_anew(house: House) -> None:
    """What was let in meanwhile stays, and the rest goes behind the next fence."""
    document, gone = await old(house), await old(house)
    await house.ask([document, gone], **RULE)
    await house.eraser.turn()
    house.unseen = ["jobs"]
    for _ in range(13):
        house.now += timedelta(seconds=5)
        await house.eraser.turn()
    house.unseen = []
    for _ in range(10):
        assert not await is_up(house.pool, TENANT, document), "it is tried later, not at once"
        house.now += timedelta(seconds=5)
        await house.eraser.turn()
    await accepted(house, document)
    house.now += timedelta(minutes=5)
    await house.finish()
    assert await house.ring.current(TENANT, document) is not None
    assert await house.ring.current(TENANT, gone) is None
    assert json.loads(house.events(ErasureCompleted)[0].receipt)["documents_left_as_changed"] == [str(document)]


async def test_the_fence_comes_down_where_the_log_cannot_be_asked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that is away for long holds up no submission: those are put by for it."""
    document = await old(house)
    await house.ask([document], **RULE)
    await house.eraser.turn()

    async def away() -> dict[int, int]:
        raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "the broker is away")

    monkeypatch.setattr(house, "ends", away)
    for _ in range(13):
        house.now += timedelta(seconds=5)
        with contextlib.suppress(StepFailure):
            await house.eraser.turn()
    assert not await is_up(house.pool, TENANT, document)


async def test_who_judged_behind_a_fence_that_came_down_erases_nothing(house: House) -> None:
    """One who lost the lead goes on for a moment with what it read: its word counts for nothing any more."""
    document = await old(house)
    await house.ask([document], **RULE)
    await house.eraser.turn()
    (asking,) = await house.store.under_way()
    house.unseen = ["jobs"]
    house.now += timedelta(seconds=70)
    await house.eraser.turn()
    assert not await house.store.found(asking, [document], {}, "telling", house.now)
    house.unseen = []
    house.now += timedelta(minutes=6)
    await house.eraser.turn()
    assert not await house.store.found(asking, [document], {}, "telling", house.now)
    assert [one.stage for one in await house.store.under_way()] == ["asking"]


async def test_who_leads_again_asks_for_the_ends_behind_the_new_fence(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ends that it knew lie before what was let in between the two fences."""
    document = await old(house)
    await house.ask([document], **RULE)
    end, folded = 1, 1

    async def ends() -> dict[int, int]:
        return {0: end}

    async def late(ends: Mapping[int, int]) -> list[str]:
        return ["jobs"] if ends[0] > folded else []

    monkeypatch.setattr(house, "ends", ends)
    monkeypatch.setattr(house, "late_jobs", late)
    first, second = house.eraser, house.eraser
    await first.turn()
    folded = 0
    house.now += timedelta(seconds=5)
    await first.turn()  # asks for the ends
    house.now += timedelta(seconds=65)
    await second.turn()  # breaks it off
    folded = 1
    house.now += timedelta(minutes=6)
    await second.turn()
    end = 2  # a new version, let in before the fence was up
    house.now += timedelta(seconds=5)
    await first.turn()
    assert [one.stage for one in await house.store.under_way()] == ["asking"]
