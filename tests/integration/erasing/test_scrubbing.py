"""What was deleted leaves Postgres' own files: looked into through the server, page by page."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from muniment.stream_apps.erasing import scrubbing
from muniment.stream_apps.erasing.scrubbing import PostgresFiles
from muniment.stream_apps.erasing.stores import Forgotten

WHAT = Forgotten("acme", [], datetime.now(UTC), datetime.now(UTC))
# Every file of every table and index of this database, and of the planner's statistics.
_FILES = """
select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'i', 't') and c.relfilenode <> 0 and pg_relation_size(c.oid) > 0
    and position($1::bytea in pg_read_binary_file(pg_relation_filepath(c.oid))) > 0
union all
select 'pg_statistic' where position($1::bytea in pg_read_binary_file(pg_relation_filepath('pg_statistic'))) > 0"""


@pytest.fixture
async def pool(read_models: str, database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A fresh database with every read model."""
    async with asyncpg.create_pool(database_url, min_size=2, max_size=4) as made:
        yield made


async def files(pool: Any, word: str) -> set[str]:
    """Which files hold the word."""
    await pool.execute("checkpoint")
    return {row["name"] for row in await pool.fetch(_FILES, word.encode())}


async def seeded(pool: Any, word: str) -> None:
    """The word in texts, their index, names, statistics, and in rows that are deleted by now."""
    live = {row["projection"]: row["schema"] for row in await pool.fetch("select projection, schema from read.live")}
    texts, documents = f"{live['chunks']}.chunk_texts", f"{live['documents']}.documents"
    await pool.execute(
        f"insert into {texts} (tenant, document_id, version, ordinal, batch, text, start_char, end_char, tokens,"
        " content_hash, tsv) select 'acme', $1, 1, n, 0, $2 || n, 0, 1, 1, '', to_tsvector('simple', $2 || ' ' || n)"
        " from generate_series(1, 40) n",
        uuid4(),
        word,
    )
    await pool.execute(
        f"insert into {documents} (tenant, document_id, status, latest_version, deleted_up_to, title)"
        " select 'acme', gen_random_uuid(), 'indexed', 1, 0, $1 from generate_series(1, 40)",
        word,
    )
    drafts, past = f"{live['scripts']}.drafts", f"{live['scripts']}.past_drafts"
    await pool.execute(
        f"insert into {drafts} (tenant, draft_id, project_id, episode_id, origin, kind, state, document_ids, checked,"
        " requested_by, text, from_at, from_place)"
        " select 'acme', gen_random_uuid(), $2, $2, $2, '', 'written', '{}', true, '', $1 || n, now(), ''"
        " from generate_series(1, 40) n",
        word,
        uuid4(),
    )
    await pool.execute(f"insert into {past} select d.*, now(), '~' from {drafts} d")
    for table in (texts, documents, drafts, past):
        await pool.execute(f"analyze {table}")
        await pool.execute(f"delete from {table}")
        await pool.execute(f"vacuum {table}")


async def test_deleted_words_leave_every_file(pool: Any, database_url: str) -> None:
    """VACUUM alone leaves them in pages, in the GIN index and in the statistics; after the scrub they are in none."""
    word = f"quagga{uuid4().hex[:8]}"
    await seeded(pool, word)
    before = await files(pool, word)
    assert any("chunk_texts" in name for name in before), before
    assert "pg_statistic" in before
    store = PostgresFiles(lambda: asyncpg.connect(database_url), rewrite_bytes=1 << 30)
    erased = await store.erase(WHAT)
    assert await files(pool, word) == set()
    assert "not rewritten" not in erased.note


async def test_a_table_that_is_too_large_is_said_to_be_so(pool: Any, database_url: str) -> None:
    """Its readers do not wait: it is freed, its indexes are made anew, and the receipt tells."""
    word = f"quagga{uuid4().hex[:8]}"
    await seeded(pool, word)
    erased = await PostgresFiles(lambda: asyncpg.connect(database_url), rewrite_bytes=0).erase(WHAT)
    assert "not rewritten" in erased.note
    left = await files(pool, word)
    assert not any(name.endswith("_tsv_idx") or name == "pg_statistic" for name in left), left


async def test_readers_in_the_way_are_waited_for(pool: Any, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction that may still see the rows, and holds a table: the scrub goes on once it has ended."""
    word = f"quagga{uuid4().hex[:8]}"
    monkeypatch.setattr(scrubbing, "LOCK_S", 1)
    async with pool.acquire() as reader:
        transaction = reader.transaction(isolation="repeatable_read")
        await transaction.start()
        await reader.fetch("select * from read.chunk_texts limit 1")
        await seeded(pool, word)
        store = PostgresFiles(lambda: asyncpg.connect(database_url), rewrite_bytes=1 << 30)
        scrub = asyncio.create_task(store.erase(WHAT))
        await asyncio.sleep(1.5)
        assert not scrub.done()
        await transaction.rollback()
        await asyncio.wait_for(scrub, 60)
    assert await files(pool, word) == set()
