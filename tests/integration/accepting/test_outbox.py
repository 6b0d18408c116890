"""With the outbox on, what was acknowledged while the log was away reaches it in order and once."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from support import accepting
from support.stack import until

from muniment.api.position import OUTBOX, from_token
from muniment.api.reads import Behind
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Position, Record
from muniment.schemas.script_commands import CancelDraft, CommitDraft, GenerateDraft
from muniment.schemas.topics import COMMANDS_DOCUMENTS, MAX_RECORD_BYTES

DOCUMENT = "7d0e1e8e-3c5d-4a53-9f3b-0a7a3c5d8a10"


@pytest.fixture
def away(pair: Any) -> Any:
    """The outbox is on at both instances, and the log is away from both."""
    for made in (pair.one, pair.two):
        made.outbox_on, made.log.away = True, True
    return pair


def back(pair: Any) -> None:
    """The log answers again."""
    for made in (pair.one, pair.two):
        made.log.away = False


async def submit(pair: Any, which: int, number: int, document_id: str | None = DOCUMENT, **headers: str) -> Any:
    """Send a numbered text to one of the instances."""
    made = (pair.one, pair.two)[which]
    body: dict[str, Any] = {"text": f"text {number}", "file_name": f"{number}.txt"}
    if document_id:
        body["document_id"] = document_id
    async with made.client(pair.key) as client:
        return await client.post("/v1/documents", json=body, headers=headers)


async def test_without_the_flag_nothing_is_accepted(pair: Any) -> None:
    """503 with Retry-After, and no row."""
    pair.one.log.away = True
    answer = await submit(pair, 0, 1)
    assert (answer.status_code, answer.json()["code"]) == (503, "log_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert await pair.one.outbox.waiting() == 0


async def test_accepted_in_order_and_drained_in_order(away: Any) -> None:
    """Ten versions of one document through two instances: acknowledged at once, later on the log in that order."""
    answers = [await submit(away, n % 2, n) for n in range(10)]
    assert {answer.status_code for answer in answers} == {202}
    jobs = [answer.json()["job_id"] for answer in answers]
    assert await away.one.outbox.waiting() == 10
    back(away)
    # The log is back, and one command comes before anybody has drained: it queues behind the others.
    jobs.append((await submit(away, 1, 10)).json()["job_id"])
    assert await away.two.drain.once() == 11
    assert await away.command_ids() == jobs
    assert (await submit(away, 0, 11)).headers["Muniment-Position"] != ""
    assert len(await away.command_ids()) == 12
    assert await away.one.outbox.waiting() == 0


async def test_two_who_drain_at_once_send_everything_once(away: Any) -> None:
    """One of them gets the lock; the other finds nothing left to do."""
    jobs = [(await submit(away, 0, n)).json()["job_id"] for n in range(5)]
    back(away)
    done = await asyncio.gather(away.one.drain.once(), away.two.drain.once())
    assert sum(done) == 5
    assert await away.command_ids() == jobs


async def test_a_drain_cut_off_goes_on_where_it_was(away: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ended after some were sent and before that was written down: the next one finds them on the log."""
    jobs = [(await submit(away, 0, n)).json()["job_id"] for n in range(6)]
    back(away)
    send, sent = away.one.log.send, 0

    async def cut(record: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent > 3:
            raise asyncio.CancelledError
        return await send(record)

    monkeypatch.setattr(away.one.log, "send", cut)
    with pytest.raises(asyncio.CancelledError):
        await away.one.drain.once()
    assert await away.two.outbox.waiting() == 6
    assert await away.two.drain.once() == 6
    assert await away.command_ids() == jobs


async def test_a_drainer_that_is_killed_is_taken_over(away: Any, tmp_path: Path) -> None:
    """`kill -9` after three of six commands: its lock is gone with it, and the next one sends the other three."""
    jobs = [(await submit(away, 0, n)).json()["job_id"] for n in range(6)]
    back(away)
    marker = tmp_path / "stands-still"
    command = [sys.executable, accepting.__file__, away.bootstrap, away.database_url, str(away.folder), away.prefix]
    process = subprocess.Popen([*command, str(marker), "3"])  # noqa: ASYNC220 - it only starts it
    try:
        await asyncio.to_thread(until, "three are sent", marker.exists, 90)
        assert await away.two.drain.once() == 0, "it holds the lock"
    finally:
        process.kill()
        process.wait()
    assert len(await away.command_ids()) == 3
    while not (done := await away.two.drain.once()):  # noqa: ASYNC110 - a lock tells nobody
        await asyncio.sleep(0.1)
    assert done == 6
    assert await away.command_ids() == jobs


async def test_a_send_that_was_not_confirmed_is_not_repeated(pair: Any) -> None:
    """The broker had it all the same: it is accepted into the outbox, found on the log, and sent no second time."""
    pair.one.outbox_on = pair.one.log.lose_answers = True
    answer = await submit(pair, 0, 1)
    assert answer.status_code == 202
    pair.one.log.lose_answers = False
    assert await pair.one.drain.once() == 1
    assert await pair.command_ids() == [answer.json()["job_id"]]


async def never(*_: Any) -> bool:
    """A wait that ended in vain."""
    return False


async def test_a_reader_with_the_token_waits_for_it_to_get_there(away: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is on the log a read with the token is 503 and the job queued; then it waits at its place."""
    answer = await submit(away, 0, 1)
    (token,) = from_token(answer.headers["Muniment-Position"])
    assert token.topic == OUTBOX
    async with away.two.client(away.key) as client:
        job = await client.get(f"/v1/jobs/{answer.json()['job_id']}")
        listed = await client.get("/v1/jobs", params={"job_id": answer.json()["job_id"]})
    assert (job.status_code, job.json()["state"], job.json()["ended"]) == (200, "queued", False)
    assert job.json()["document_id"] == answer.json()["document_id"]
    assert listed.json()["items"] == [job.json()]
    behind = await away.two.dependencies.reads.wait_for("documents", [token], 0.2)
    assert behind == Behind("documents", 1, -1, token.offset)
    back(away)
    await away.one.drain.once()
    found = await away.two.outbox.position(token.offset, 0)
    assert found is not None
    assert found.topic == COMMANDS_DOCUMENTS.name
    # No projection runs here: it waits at the command's own place now.
    monkeypatch.setattr(away.two.dependencies.reads._waiting, "wait_for", never)
    behind = await away.two.dependencies.reads.wait_for("documents", [token], 60)
    assert behind is not None
    assert behind.wanted == found.offset


async def test_a_token_whose_row_is_gone_is_of_old(pair: Any) -> None:
    """Rows go a day after they were drained; who still holds such a token waits for nothing."""
    assert await pair.one.dependencies.reads.wait_for("documents", [Position(OUTBOX, 0, 10**9)], 0.1) is None


async def test_a_repeat_with_a_key_gets_its_place_in_the_outbox(away: Any) -> None:
    """An instance that ended after accepting: the repeat elsewhere is told of the same job, and adds no row."""
    key = {"Idempotency-Key": '"outbox"'}
    first = await submit(away, 0, 1, None, **key)
    pool = away.one.outbox._pool
    await pool.execute("update muniment_access.idempotency set status = null, body = null")
    second = await submit(away, 1, 1, None, **key)
    assert second.json() == first.json()
    assert await away.one.outbox.waiting() == 1


async def test_what_the_log_would_never_take_is_not_accepted(away: Any) -> None:
    """It would hold up all that come after it for ever."""

    record = Record("t", b"k", b"x" * MAX_RECORD_BYTES, (("ce_id", str(UUID(int=1)).encode()),))
    with pytest.raises(StepFailure) as error:
        await away.one.publisher.send(record)
    assert error.value.code is ErrorCode.RECORD_TOO_LARGE


async def test_drained_rows_are_swept_after_their_time(away: Any) -> None:
    """Those that wait never go; those that are on the log go after a day."""
    await submit(away, 0, 1)
    pool = away.one.outbox._pool
    assert await away.one.outbox.sweep() == 0
    back(away)
    await away.one.drain.once()
    assert await away.one.outbox.sweep() == 0
    await pool.execute("update muniment_access.outbox set drained_at = now() - interval '25 hours'")
    assert await away.one.outbox.sweep() == 1


async def test_a_batch_token_stands_for_each_of_its_commands(away: Any) -> None:
    """Commands of one batch end up in several partitions and lanes: the token holds a reader back for each of them."""
    async with away.one.client(away.key) as client:
        batch = [{"text": f"{n}", "lane": ("bulk", "normal")[n % 2]} for n in range(6)]
        answer = await client.post("/v1/documents/batch", json=batch)
    tokens = from_token(answer.headers["Muniment-Position"])
    assert len(tokens) == 6
    back(away)
    await away.one.drain.once()
    places = [await away.one.outbox.position(token.offset, 0) for token in tokens]
    assert len({str(place) for place in places}) == 6
    assert {place.topic for place in places if place} == {COMMANDS_DOCUMENTS.name, f"{COMMANDS_DOCUMENTS.name}/bulk"}


async def test_a_draft_that_was_accepted_shows_as_its_job(pair: Any) -> None:
    """As the writing of this draft and as its cancellation; other commands of the project are no jobs."""
    outbox, deps = pair.one.outbox, pair.one.dependencies
    about = {"project_id": uuid4(), "episode_id": uuid4(), "draft_id": uuid4()}
    writing, cancelling, committing = uuid4(), uuid4(), uuid4()
    asked = {"brief": "b", "template": "t", "language": "en", "max_tokens": 9, "temperature": 0.0, "seed": None}
    commands = {
        writing: GenerateDraft(**about, **asked, document_ids=()),
        cancelling: CancelDraft(**about, job_id=writing, reason="not wanted"),
        committing: CommitDraft(**about, if_revision=1),
    }
    await deps.key_ring.create("acme", about["draft_id"])
    for job_id, command in commands.items():
        meta = Metadata(job_id, "acme", job_id, job_id, datetime(2026, 1, 1, tzinfo=UTC), "muniment.test")
        await outbox.put(job_id, await deps.codec.encode(command, meta))
    async with pair.two.client(pair.key) as client:
        shown = [await client.get(f"/v1/jobs/{job_id}") for job_id in commands]
        listed = await client.get("/v1/jobs", params={"job_id": [str(job_id) for job_id in commands]})
        cancelled = await client.post(f"/v1/jobs/{writing}/cancel")
    assert [one.status_code for one in shown] == [200, 200, 404]
    told = [one.json() for one in shown[:2]]
    assert [(one["kind"], one["state"]) for one in told] == [("generate", "queued"), ("cancel", "queued")]
    for one in told:
        assert {name: one[name] for name in about} == {name: str(value) for name, value in about.items()}
        assert one["document_id"] is None
    assert sorted(one["job_id"] for one in listed.json()["items"]) == sorted(one["job_id"] for one in told)
    assert cancelled.status_code == 202, cancelled.text
    assert await deps.reads.jobs_by_id("umbrella", list(commands)) == []
