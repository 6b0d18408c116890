"""Ten thousand jobs and ten thousand dead letters: pages stay pages, and what is many wants a person's word."""

import asyncio
import re
from uuid import UUID

import asyncpg
import pytest
from pages import Pages
from served_api import Served

MANY = 10_000
_JOBS = """
insert into {jobs}.jobs (job_id, tenant, document_id, kind, version, state, step, "end", created_at, started_at,
    finished_at, command_partition, command_offset, from_at, from_place)
select ('00000000-0000-0000-0001-' || lpad(to_hex(n), 12, '0'))::uuid, 'umbrella', gen_random_uuid(), 'submit', 1,
    'failed', 'embedding', 'failed', now() - n * interval '1 second', now(), now(), 0, n, now(), 'x'
from generate_series(1, $1) n
"""
_LETTERS = """
insert into {letters}.dead_letters (
    letter, topic, partition, "offset", waits, tenant, document_id, job_id, event_type,
    step, branch, code, category, error, attempts,
    origin_topic, origin_partition, origin_offset, fingerprint, program, trace_id,
    first_failed_at, failed_at, redrive_times, identity)
select 'muniment.dlq:0:' || n, 'muniment.dlq', 0, n, 0, 'umbrella', gen_random_uuid(), gen_random_uuid(),
    'ChunksPrepared',
    'embedding', '', 'provider_rejected', 'permanent', 'the endpoint answered 400', 1,
    'muniment.chunks', 0, n, 'f00d', '0.0.1', '',
    now(), now() - n * interval '1 second', 0, lpad(n::text, 12, '0')
from generate_series(1, $1) n
"""


@pytest.fixture(scope="module")
def many(served: Served, module_database_url: str) -> Served:
    """The other tenant, with very much of both."""

    async def fill() -> None:
        connection = await asyncpg.connect(module_database_url)
        try:
            live = dict(await connection.fetch("select projection, schema from read.live"))
            await connection.execute(_JOBS.replace("{jobs}", live["jobs"]), MANY)
            await connection.execute(_LETTERS.replace("{letters}", live["dead_letters"]), MANY)
        finally:
            await connection.close()

    with Pages(served, served.theirs) as me:
        me.get("/operations/jobs")
    asyncio.run(fill())
    return served


def test_ten_thousand_jobs_are_paged(many: Served) -> None:
    """Fifty at a time, each once, and any of them is found by its id."""
    seen: list[str] = []
    with Pages(many, many.theirs) as me:
        path = "/operations/jobs"
        for _ in range(6):
            page = me.get(path)
            rows = re.findall(r'id="job-([0-9a-f-]{36})"', page)
            assert len(rows) == 50
            seen += rows
            [following] = re.findall(r'rel="next" href="/console([^"]+)"', page)
            path = following.replace("&amp;", "&")
        assert len(set(seen)) == 300
        last = str(UUID(int=(1 << 48) + MANY))
        assert f'id="job-{last}"' in me.get("/operations/jobs", q=last)


def test_ten_thousand_letters_are_one_group_and_want_a_word(many: Served) -> None:
    """Counted, paged, and redriven only by somebody who says that they have seen how many there are."""
    with Pages(many, many.theirs) as me:
        groups = me.get("/operations/dead-letters")
        assert groups.count("<article") == 1
        assert "10,000" in groups
        assert len(re.findall(r"/console/operations/dead-letters/0-\d+", me.get("/operations/dead-letters/all"))) == 50
        plan = me.get("/operations/dead-letters/redrive", fingerprint="f00d")
        assert 'id="found">10,000<' in plan
        assert "I have seen that it is 10,000 letters." in plan
        without = plan.replace('name="confirmed"', 'name="other"')
        refused = me.send(without, "/operations/dead-letters/redrive", rate="5", canary="1", reason="mended")
        assert refused.status_code == 422
        assert "Their number has changed meanwhile" in refused.text
