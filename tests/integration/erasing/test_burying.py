"""Tombstones of keys that are given up."""

from datetime import UTC, datetime
from uuid import uuid4

from support.erasing_house import House

from muniment.producers.lost_keys import Named, bury


async def test_whatever_a_foreign_record_says_its_key_is_buried(house: House) -> None:
    """A tenant that Postgres cannot hold as it is, and a time that has not come: the key reads as destroyed."""
    key = uuid4()
    await bury(house.pool, {key: Named("a\0" + "b" * 2000, uuid4(), datetime(9999, 1, 1, tzinfo=UTC))})
    assert await house.ring.find([key]) == {key: None}
    assert await house.pool.fetchval("select created_at <= now() from muniment_keys.data_keys where key_id = $1", key)
