"""Every version of every event that was ever committed goes into every read model's tables."""

from collections.abc import Collection, Sequence

import asyncpg
import pytest
from projected_story import DIMENSIONS, schema_of
from support.golden_records import KEYS, RECORDINGS, record, recorded

from muniment.projections.batch import decoded
from muniment.projections.fold import fold
from muniment.projections.registry import PROJECTIONS
from muniment.schemas import codec, example
from muniment.schemas.codec import Envelope
from muniment.schemas.errors import MunimentError
from muniment.schemas.record import Record


class Opened:
    """Decodes with the key of the examples, or without any."""

    def __init__(self, *, readable: bool) -> None:
        self._key = example.KEY if readable else None

    async def decode_many(
        self, records: Sequence[Record], *, unopened: Collection[str] = ()
    ) -> list[Envelope | MunimentError]:
        return [codec.decode(one, lambda _: self._key) for one in records]


@pytest.mark.parametrize("readable", [True, False], ids=["readable", "erased"])
async def test_every_version_folds_into_every_read_model(pool: asyncpg.Pool, *, readable: bool) -> None:
    """With the keys and without: a fold that cannot take a record stops at it, and the test with it."""
    lives = [one for path in RECORDINGS for one in recorded(path)]
    log = [*lives, *(record(key, len(lives) + offset) for offset, key in enumerate(KEYS))]
    for name, make in PROJECTIONS.items():
        projection = make(DIMENSIONS)
        mine = [one for one in log if one.topic in {topic.name for topic in projection.topics}]
        entries = await decoded(mine, projection, Opened(readable=readable))
        async with pool.acquire() as connection:
            for one in entries:
                # The bytes of these examples are no vectors; the recordings have some.
                example_s = (one.record.offset or 0) >= len(lives)
                if name != "chunks" or not example_s or "embedded" not in (one.record.header("ce_type") or "").lower():
                    await fold(connection, projection, schema_of(name), [one], rebuilding=True)
            assert await connection.fetchval(f"select count(*) from {schema_of(name)}.parked") == 0
