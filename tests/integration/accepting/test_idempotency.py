"""A request with an Idempotency-Key happens once, whichever instance gets it and whatever ends in the middle."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import accepting
from support.stack import until

from muniment.api.idempotency.postgres import PostgresIdempotency

KEY = {"Idempotency-Key": '"one-request"'}


async def submit(pair: Any, which: int, key: str = "one-request", text: str = "hello") -> httpx2.Response:
    """Send a text with a key to one of the instances, again where that is still under way."""
    made = (pair.one, pair.two)[which]
    async with asyncio.timeout(90), made.client(pair.key) as client:
        while True:
            answer = await client.post("/v1/documents", json={"text": text}, headers={"Idempotency-Key": f'"{key}"'})
            if answer.status_code != 409:
                return answer


async def test_the_other_instance_gives_the_first_answer(pair: Any) -> None:
    """The same status, body and headers from an instance that never saw the first request."""
    first, second = await submit(pair, 0), await submit(pair, 1)
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert first.headers["Muniment-Position"] == second.headers["Muniment-Position"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await pair.command_ids() == [first.json()["job_id"]]


async def test_equal_requests_at_once_are_one_command(pair: Any) -> None:
    """However many come to both instances at once, for several keys: one command each, and one answer for all."""
    counts = st.lists(st.integers(2, 8), min_size=1, max_size=3)
    round_ = 0
    answers: dict[str, set[str]] = {}

    async def all_at_once(sizes: list[int]) -> None:
        nonlocal round_
        round_ += 1
        asked = [(f"{round_}-{i}", n % 2) for i, size in enumerate(sizes) for n in range(size)]
        done = await asyncio.gather(*[submit(pair, which, key) for key, which in asked])
        assert {one.status_code for one in done} == {202}
        for (key, _), one in zip(asked, done, strict=True):
            answers.setdefault(key, set()).add(one.text)

    loop = asyncio.get_running_loop()

    @given(counts)
    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def hold(sizes: list[int]) -> None:
        asyncio.run_coroutine_threadsafe(all_at_once(sizes), loop).result(90)

    await asyncio.to_thread(hold)
    assert {len(found) for found in answers.values()} == {1}
    ids = await pair.command_ids()
    assert len(ids) == len(set(ids)) == len(answers)


async def test_another_payload_is_refused_by_both(pair: Any) -> None:
    """422 wherever it arrives, and one command."""
    await submit(pair, 0)
    for which in (0, 1):
        other = await submit(pair, which, text="other")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len(await pair.command_ids()) == 1


async def test_an_unconfirmed_command_is_found_and_not_sent_twice(pair: Any) -> None:
    """The broker had it and did not say so: the repeat answers with where it lies, and adds nothing to the log."""
    pair.one.log.lose_answers = True
    assert (await submit(pair, 0)).status_code == 503
    done = await submit(pair, 1)
    assert done.status_code == 202
    (command,) = await pair.commands()
    assert command.header("ce_id") == done.json()["job_id"]
    assert command.header("ce_subject") == done.json()["document_id"]


async def test_an_instance_killed_after_publishing_is_taken_over(pair: Any, tmp_path: Path) -> None:
    """`kill -9` between the publish and the answer: the repeat elsewhere gets that job, and adds no command."""
    marker = tmp_path / "published"
    command = [sys.executable, accepting.__file__, pair.bootstrap, pair.database_url, str(pair.folder), pair.prefix]
    process = subprocess.Popen(  # noqa: ASYNC220 - it only starts it
        [*command, str(marker)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        port = int(await asyncio.to_thread(process.stdout.readline))

        def ask() -> None:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=100) as client:
                client.post(
                    "/v1/documents", json={"text": "hello"}, headers=KEY | {"Authorization": f"Bearer {pair.key}"}
                )

        asking = asyncio.create_task(asyncio.to_thread(ask))
        await asyncio.to_thread(until, "it is published", marker.exists, 90)
    finally:
        process.kill()
        process.wait()
    with pytest.raises(httpx2.TransportError):
        await asking
    answer = await submit(pair, 1)
    assert answer.status_code == 202
    assert await pair.command_ids() == [answer.json()["job_id"]]
    again = await submit(pair, 0)
    assert again.json() == answer.json()


async def test_keys_expire(pair: Any) -> None:
    """After its time a key is new again; what has expired is swept away in bounded steps."""
    pool = await asyncpg.create_pool(pair.database_url, min_size=1, max_size=2)
    try:
        first = await submit(pair, 0)
        await pool.execute("update muniment_access.idempotency set expires_at = now() - interval '1 second'")
        second = await submit(pair, 1, text="another request")
        assert second.status_code == 202
        assert second.json()["job_id"] != first.json()["job_id"]
        await pool.execute("update muniment_access.idempotency set expires_at = now() - interval '1 second'")
        store = PostgresIdempotency(pool)
        assert [await store.sweep(), await store.sweep()] == [1, 0]
    finally:
        await pool.close()
