"""Bytes whose command never reached the log do not stay for ever, and no others go."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from muniment.producers import command_look
from muniment.producers.orphans import Orphans, Swept
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

GRACE_S = 60.0


@pytest.fixture
def orphans(pair: Any) -> Orphans:
    """The sweep of the first instance."""
    deps = pair.one.dependencies
    return Orphans(pair.one.outbox._pool, deps.claims, pair.one.looks, grace_s=GRACE_S)


async def submit(pair: Any, text: str) -> Any:
    """Send a text."""
    async with pair.one.client(pair.key) as client:
        return await client.post("/v1/documents", json={"text": text})


async def claimed(pair: Any) -> set[str]:
    """The jobs that claim something."""
    rows = await pair.one.outbox._pool.fetch("select split_part(kind, '/', 1) as job from muniment_claims.claims")
    return {row["job"] for row in rows}


async def aged(pair: Any) -> None:
    """Let all claims be old."""
    before = "now() - interval '2 minutes'"
    await pair.one.outbox._pool.execute(
        f"update muniment_claims.claims set created_at = {before}, renewed_at = {before}"
    )


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    """A stream."""
    yield content


async def test_what_a_503_left_is_given_up_and_nothing_else(pair: Any, orphans: Orphans) -> None:
    """Not published: gone, with its bytes. Published, and undecided for as long as may be: kept."""
    kept = (await submit(pair, "kept")).json()["job_id"]
    pair.one.log.away = True
    assert (await submit(pair, "lost")).status_code == 503
    pair.one.log.away = False
    pair.one.log.lose_answers = True
    assert (await submit(pair, "unconfirmed")).status_code == 503
    assert await orphans.sweep() == Swept(0, 0), "nothing is old enough"
    await aged(pair)
    assert await orphans.sweep() == Swept(1, 2)
    (unconfirmed,) = set(await pair.command_ids()) - {kept}
    assert await claimed(pair) == {kept, unconfirmed}
    blobs = [path for path in (pair.folder / "blobs").rglob("*") if path.is_file()]
    assert len(blobs) == 2
    assert await orphans.sweep() == Swept(0, 2)


async def test_what_waits_in_the_outbox_is_kept(pair: Any, orphans: Orphans) -> None:
    """However late it is drained: before and after, its bytes are there."""
    pair.one.outbox_on = pair.one.log.away = True
    job = (await submit(pair, "late")).json()["job_id"]
    await aged(pair)
    pair.one.log.away = False
    assert await orphans.sweep() == Swept(0, 0)
    await pair.one.drain.once()
    assert await orphans.sweep() == Swept(0, 1)
    assert await claimed(pair) == {job}


async def test_what_was_published_before_its_repeat_is_kept(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The repeat claims the bytes again, long after the command came to the log: it is looked for from the first on."""
    monkeypatch.setattr(command_look, "SLACK", timedelta(0))
    deps = pair.one.dependencies
    at_once = Orphans(pair.one.outbox._pool, deps.claims, pair.one.looks, grace_s=0.0)
    key = {"Idempotency-Key": f'"{uuid4()}"'}
    async with pair.one.client(pair.key) as client:
        pair.one.log.lose_answers = True
        assert (await client.post("/v1/documents", json={"text": "twice"}, headers=key)).status_code == 503
        pair.one.log.lose_answers = False
        await asyncio.sleep(0.1)
        again = await client.post("/v1/documents", json={"text": "twice"}, headers=key)
    assert again.status_code == 202
    assert await pair.command_ids() == [again.json()["job_id"]]
    assert await at_once.sweep() == Swept(0, 1)
    assert await claimed(pair) == {again.json()["job_id"]}


async def test_nothing_is_given_up_while_the_log_is_away(pair: Any, orphans: Orphans) -> None:
    """Nobody can say then what is on it."""
    pair.one.log.away = True
    await submit(pair, "perhaps")
    await aged(pair)
    with pytest.raises(StepFailure) as error:
        await orphans.sweep()
    assert error.value.code is ErrorCode.LOG_UNAVAILABLE
    assert len(await claimed(pair)) == 1


async def test_a_claim_renewed_meanwhile_stays(pair: Any, orphans: Orphans, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repeat of the request comes while the sweep asks the log: the bytes it has just stored again stay."""
    document, job = uuid4(), uuid4()
    claims = pair.one.dependencies.claims
    await claims.put("acme", document, job, "original", pieces(b"bytes"))
    await aged(pair)

    async def meanwhile(*_: Any) -> dict[UUID, Any]:
        await claims.put("acme", document, job, "original", pieces(b"bytes"))
        return {}

    monkeypatch.setattr(pair.one.looks, "first", meanwhile)
    assert await orphans.sweep() == Swept(1, 0)
    assert await claimed(pair) == {str(job)}


async def test_what_lies_on_the_log_undecided_is_looked_for_once(
    pair: Any, orphans: Orphans, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However old it is: it stays on the log, and the next look begins with what was not found before."""
    buried = UUID((await submit(pair, "never decided")).json()["job_id"])
    asked: list[set[UUID]] = []
    first = pair.one.looks.first

    async def noted(topic: str, wanted: Any, since: Any) -> Any:
        asked.append(set(wanted))
        return await first(topic, wanted, since)

    monkeypatch.setattr(pair.one.looks, "first", noted)
    await aged(pair)
    assert await orphans.sweep() == Swept(0, 1)
    later = UUID((await submit(pair, "later")).json()["job_id"])
    await aged(pair)
    assert await orphans.sweep() == Swept(0, 2)
    assert await orphans.sweep() == Swept(0, 2)
    assert asked == [{buried}, {later}]


async def test_what_died_undecided_is_given_up_when_its_letter_is_discarded(pair: Any, orphans: Orphans) -> None:
    """Its command lies on the log, and nobody will decide it any more. A letter that waits keeps its bytes."""
    jobs = [(await submit(pair, text)).json()["job_id"] for text in ("discarded", "waiting", "of another step")]
    letters = zip(jobs, ("deciding", "deciding", "extracting"), ("discarded", "waiting", "discarded"), strict=True)
    for job, step, state in letters:
        await pair.one.outbox._pool.execute(
            "insert into muniment_operating.letters (letter, tenant, step, fingerprint, job_id, state)"
            " select $1::text, tenant, $2, 'f', $1::text::uuid, $3 from muniment_claims.claims"
            " where split_part(kind, '/', 1) = $1::text",
            job,
            step,
            state,
        )
    assert await orphans.sweep() == Swept(0, 0), "nothing is old enough"
    await aged(pair)
    assert await orphans.sweep() == Swept(1, 2)
    assert await claimed(pair) == set(jobs[1:])
