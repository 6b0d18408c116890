"""Tombstones of keys that are given up, or brought back after their document was erased."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from support.erasing_desk import Desk
from support.erasing_house import TENANT, House

from muniment.producers.lost_keys import Named, bury


@pytest.fixture
def desk(house: House) -> Desk:
    """A desk."""
    return Desk(house, uuid4(), uuid4())


async def may_be_edited(desk: Desk, draft_id: UUID) -> bool:
    """Whether another draft may be made from this one."""
    return await desk.sources.inherit(TENANT, uuid4(), draft_id)


async def buried(house: House, document: UUID, since: datetime) -> None:
    """A key of this document is given up that a record at this time names."""
    await bury(house.pool, {uuid4(): Named(TENANT, document, since)})


async def test_whatever_a_foreign_record_says_its_key_is_buried(house: House) -> None:
    """A tenant that Postgres cannot hold as it is, and a time that has not come: the key reads as destroyed."""
    key = uuid4()
    await bury(house.pool, {key: Named("a\0" + "b" * 2000, uuid4(), datetime(9999, 1, 1, tzinfo=UTC))})
    assert await house.ring.find([key]) == {key: None}
    assert await house.pool.fetchval("select created_at <= now() from muniment_keys.data_keys where key_id = $1", key)


async def test_a_key_that_never_was_takes_no_draft_with_it(desk: Desk) -> None:
    """A foreign record named it for a document that lives: what was written from that stays, until that is erased."""
    document = await desk.house.document()
    draft_id = await desk.begun(document)
    await buried(desk.house, document, datetime.now(UTC))
    assert await may_be_edited(desk, draft_id)
    await desk.house.ring.destroy(TENANT, document)
    assert not await may_be_edited(desk, draft_id)
    await desk.house.ring.create(TENANT, document)
    assert not await may_be_edited(desk, draft_id), "the key of a new life opens nothing of the one before"


async def test_what_was_written_from_an_earlier_life_is_gone(desk: Desk) -> None:
    """Its key is noted as destroyed only after the document was submitted again: drafts of then are not of now."""
    house = desk.house
    document = await house.document()
    earlier, later = await desk.begun(document), await desk.begun(document)
    made = await house.pool.fetchval("select created_at from muniment_keys.data_keys where document_id = $1", document)
    await house.pool.execute(
        "update muniment_scripts.sources set taken_at = $2 where draft_id = $1", earlier, made - timedelta(hours=1)
    )
    await buried(house, document, made - timedelta(hours=2))
    assert [await may_be_edited(desk, one) for one in (earlier, later)] == [False, True]
