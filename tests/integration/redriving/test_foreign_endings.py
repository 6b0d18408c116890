"""Records that say that they were redriven, and never were."""

import itertools
from uuid import uuid4

import asyncpg
from support.redriving import utc_now

from muniment.schemas.record import Record
from muniment.stream_apps.redriving.endings import RedriveEndings

UNKNOWN = str(uuid4()).encode()
STRANGE = (
    b"",
    b"nowhere",
    b"muniment.dlq:0:\x00",
    b"\x00:0:1",
    b"muniment.dlq:0:1",
    b"l" * 9000 + b":0:1",
    b"\xff:0:1",
)


async def test_the_end_of_what_was_never_redriven_is_noted_nowhere(database_url: str) -> None:
    """Whoever settles such a record would try again for ever what the database refuses, and its lane with it."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        for redrive_id, letter in itertools.product((b"", b"\x00", b"nobody", UNKNOWN), STRANGE):
            headers = (("redrive_id", redrive_id), ("redrive_letter", letter), ("redrive_times", b"9" * 30))
            record = Record("muniment.redelivery.indexing", b"k", b"v", headers, 0, 1)
            for outcome in ("done", "dead"):
                await RedriveEndings(pool, utc_now).ended(record, outcome)
        assert await pool.fetchval("select count(*) from muniment_operating.letters") == 0
