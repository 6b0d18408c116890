"""The live channel over real sockets: who may, what is foretold, what is answered, what is on the record."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from instances import Client, Instance
from projected_story import Log, ReadModel, Story
from support.project_story import PROJECT
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from muniment.api.keys import revoke_key
from muniment.schemas import projects


async def told(read_model: ReadModel, log: Log, title: str, *texts: str, tenant: str = "acme") -> Story:
    """A document, folded."""
    story = Story(log, texts, title=title, tenant=tenant)
    await story.tell()
    await read_model.catch_up()
    return story


async def test_whoever_has_no_key_is_told_so_before_the_handshake(instance: Instance) -> None:
    """A wrong key, a key without the scope: the problem is an HTTP answer, with its code."""
    for key, status in (("mun_wrong", 401), (instance.weak, 403)):
        with pytest.raises(InvalidStatus) as refused:
            async with connect(instance.url, additional_headers={"Authorization": f"Bearer {key}"}, proxy=None):
                pass
        assert refused.value.response.status_code == status
        assert refused.value.response.headers["content-type"] == "application/problem+json"


async def test_a_browser_brings_its_key_by_subprotocol_or_as_its_first_message(instance: Instance) -> None:
    """Both are greeted; the key is not echoed; a first message that is no key ends the connection."""
    offered: Any = ["muniment.v1", f"muniment.key.{instance.mine}"]
    async with connect(instance.url, subprotocols=offered, proxy=None) as socket:
        assert socket.subprotocol == "muniment.v1"
        assert '"hello"' in str(await socket.recv())
    async with connect(instance.url, proxy=None) as socket:
        await socket.send(f'{{"type": "auth", "token": "{instance.mine}"}}')
        assert '"hello"' in str(await socket.recv())
    async with connect(instance.url, proxy=None) as socket:
        await socket.send('{"type": "ping"}')
        assert '"unauthorized"' in str(await socket.recv())
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "unauthorized")  # type: ignore[union-attr]


async def test_a_cookie_from_another_sites_page_is_refused(instance: Instance) -> None:
    """A session's cookie counts together with an Origin of ours only."""
    for origin in ("https://evil.example", None):
        headers = {"Cookie": "muniment_session=whatever"} | ({"Origin": origin} if origin else {})
        with pytest.raises(InvalidStatus) as refused:
            async with connect(instance.url, additional_headers=headers, proxy=None):
                pass
        assert refused.value.response.status_code == 403


async def test_what_is_typed_is_foretold_to_its_tenant_and_on_the_record_first(
    instance: Instance, read_model: ReadModel, log: Log
) -> None:
    """Predictions name documents, come for the newest text alone, and are entered once a minute and document."""
    story = await told(read_model, log, "Leave policy", "one")
    async with instance.client() as client, instance.client(instance.theirs) as stranger:
        for number, text in enumerate(("le", "lea", "leave p")):
            await client.send("typing", id=str(number), text=text)
        found = await client.until("predictions")
        while found["id"] != "2":
            found = await client.until("predictions")
        assert [(item["kind"], item["text"]) for item in found["items"]] == [("document", "Leave policy")]
        assert 0 < found["items"][0]["confidence"] <= 1
        assert found["items"][0]["places"] == [{"document_id": str(story.document_id), "version": 1}]
        await stranger.send("typing", id="1", text="leave p")
        assert (await stranger.until("predictions"))["items"] == []
        await client.send("typing", id="3", text="leave po")
        await client.until("predictions")
    await instance.entered("live.predictions")
    assert instance.audited() == [("live.predictions", (str(story.document_id),), False)]


async def test_an_answer_comes_word_by_word_with_what_it_stands_on(
    instance: Instance, read_model: ReadModel, log: Log
) -> None:
    """Start, deltas, citations to version and offsets, end; all numbered, entered with the question's mark."""
    story = await told(read_model, log, "Leave policy", "annual leave is 25 days")
    async with instance.client() as client:
        await client.send("query", id="q", text="annual leave", mode="text")
        end = await client.until("answer.end")
        start, first, second, cited, last = client.got[1:]
        assert (start["type"], start["extractive"], start["hits"]) == ("answer.start", False, 1)
        assert first["text"] + second["text"] == "Annual leave is 25 days [1]."
        assert (cited["number"], cited["document_id"], cited["version"]) == (1, str(story.document_id), 1)
        assert (cited["start"], cited["end"], cited["page"]) == (0, 23, 1)
        assert (last, end["reason"]) == (end, "stop")
        assert end["citations"] == [{"number": 1, "said_from": 0, "said_to": 28, "holds": True}]
        assert [message["seq"] for message in client.got[1:]] == [1, 2, 3, 4, 5]
    await instance.entered("live.answer")
    assert ("live.answer", (str(story.document_id),), True) in instance.audited()


async def test_a_question_within_a_project_is_answered_from_its_documents_alone(
    instance: Instance, read_model: ReadModel, log: Log
) -> None:
    """What is not a member is no hit, and a project that is not the tenant's is refused as one that is not there."""
    inside = await told(read_model, log, "Leave policy", "annual leave is 25 days")
    await told(read_model, log, "Another policy", "annual leave is 30 days")
    await log.ring.create("acme", PROJECT)
    await log.say(
        projects.ProjectCreated(project_id=PROJECT, revision=1, title="Leave", description=""), uuid4(), "acme"
    )
    added = projects.ProjectDocumentsChanged(project_id=PROJECT, revision=1, added=(inside.document_id,), removed=())
    await log.say(added, uuid4(), "acme")
    await read_model.catch_up()
    async with instance.client() as client, instance.client(instance.theirs) as stranger:
        await client.send("query", id="q", text="annual leave", mode="text", project_id=str(PROJECT))
        end = await client.until("answer.end")
        assert (end["reason"], end.get("problem")) == ("stop", None)
        start, cited = (m for m in client.got if m["type"] in {"answer.start", "answer.citation"})
        assert (start["hits"], cited["document_id"]) == (1, str(inside.document_id))
        await stranger.send("query", id="q", text="annual leave", mode="text", project_id=str(PROJECT))
        end = await stranger.until("answer.end")
        assert (end["reason"], end["problem"]["code"]) == ("refused", "not_found")
        assert end["problem"]["detail"] == "There is no such project."


async def test_a_question_that_nothing_answers_is_refused(instance: Instance, read_model: ReadModel, log: Log) -> None:
    """Without a hit the writer is not even asked, and the end says why."""
    await told(read_model, log, "Leave policy", "annual leave")
    async with instance.client(instance.theirs) as client:
        await client.send("query", id="q", text="annual leave", mode="text")
        end = await client.until("answer.end")
        assert (end["reason"], end["problem"]["code"]) == ("refused", "nothing_found")
        assert "answer.start" not in client.kinds()


async def test_an_answer_is_cancelled(instance: Instance, read_model: ReadModel, log: Log) -> None:
    """Its end says so, the model is let go of, and the id is free again."""
    await told(read_model, log, "Leave policy", "annual leave")
    instance.writer.pieces = ["word "] * 5
    async with instance.client() as client:
        instance.writer.go.clear()
        await client.send("query", id="q", text="annual leave", mode="text")
        await client.send("query", id="q", text="annual leave", mode="text")
        assert (await client.until("error"))["problem"]["code"] == "invalid_request"
        async with asyncio.timeout(30):
            await instance.writer.asked.wait()
        await client.send("cancel", id="q")
        assert (await client.until("answer.end"))["reason"] == "cancelled"
        instance.writer.go.set()
        await client.send("query", id="q", text="annual leave", mode="text")
        assert (await client.until("answer.end"))["reason"] == "stop"
    async with asyncio.timeout(30):
        while instance.writer.closed < 2:  # noqa: ASYNC110 - the writer tells nobody
            await asyncio.sleep(0.01)


async def test_what_was_missed_is_sent_again_and_the_answer_goes_on(
    instance: Instance, read_model: ReadModel, log: Log
) -> None:
    """A connection that breaks in the middle of an answer loses nothing: the rest comes on the next one, once."""
    await told(read_model, log, "Leave policy", "annual leave")
    instance.writer.pieces, instance.writer.rests_at = [f"word{n} " for n in range(20)], 8
    async with instance.client() as client:
        await client.send("query", id="q", text="annual leave", mode="text")
        await client.until("answer.delta")
        seen = [message["seq"] for message in client.got if "seq" in message]
        client.socket.transport.abort()
        session = client.hello["session"]
    async with instance.client() as again:
        await again.send("resume", session=session, last_seq=seen[-1])
        assert (await again.until("resumed"))["session"] == session
        instance.writer.go.set()
        await again.until("answer.end")
        later = [message["seq"] for message in again.got if "seq" in message and message["type"] != "resumed"]
    assert seen + later == list(range(1, 23))


async def test_another_instance_says_that_it_knows_nothing_of_it(instance: Instance, serve: Any) -> None:
    """Elsewhere, or with somebody else's key, a session cannot be gone on with, and that is said."""
    async with instance.client() as client:
        session = client.hello["session"]
    async with serve() as other, other.client(instance.mine) as elsewhere:
        await elsewhere.send("resume", session=session, last_seq=0)
        assert (await elsewhere.until("resync"))["reason"] == "not_here"
    async with instance.client(instance.theirs) as stranger:
        await stranger.send("resume", session=session, last_seq=0)
        assert (await stranger.until("resync"))["session"] == stranger.hello["session"]


async def test_a_stopping_instance_sends_its_clients_elsewhere(instance: Instance) -> None:
    """Everybody is told to come back, and the connection ends with the code for a restart."""
    async with instance.client() as client:
        instance.app.state.leaving.set()
        assert (await client.until("reconnect"))["reason"] == "shutting_down"
        with pytest.raises(ConnectionClosed) as closed:
            await client.receive()
        assert closed.value.rcvd.code == 1012  # type: ignore[union-attr]


async def test_a_key_has_its_limits(serve: Any) -> None:
    """One connection too many, too many messages a second, a message that is none: each by its code."""
    async with serve(live_per_key=1, live_messages_per_second=2.0) as made, made.client() as client:
        async with connect(made.url, additional_headers={"Authorization": f"Bearer {made.mine}"}, proxy=None) as second:
            assert '"too_many_connections"' in str(await second.recv())
            with pytest.raises(ConnectionClosed) as closed:
                await second.recv()
            assert closed.value.rcvd.reason == "too_many_connections"  # type: ignore[union-attr]
        made.live.pace._clock = lambda: 0.0  # nothing fills up again, however long the rest takes
        await client.send("nonsense")
        assert (await client.until("error"))["problem"]["code"] == "invalid_request"
        for _ in range(5):
            await client.send("ping")
        assert (await client.until("error"))["problem"]["code"] == "too_fast"
        assert client.kinds().count("pong") == 4


async def test_a_key_that_is_revoked_ends_its_channel(
    instance: Instance, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A message after the revocation is not served: the connection ends, and says why."""
    monkeypatch.setattr("muniment.api.key_store.CACHE_S", 0.0)
    async with instance.client() as client:
        await client.send("ping")
        await client.until("pong")
        await revoke_key(pool, instance.mine.split("_")[1])
        with pytest.raises(ConnectionClosed) as closed:
            await _pinging(client)
        assert closed.value.rcvd.reason == "unauthorized"  # type: ignore[union-attr]


async def _pinging(client: Client) -> None:
    async with asyncio.timeout(60):
        while True:
            await client.send("ping")
            await client.receive()


async def test_what_is_typed_is_searched_for_beforehand(
    serve: Any, read_model: ReadModel, log: Log, pool: asyncpg.Pool
) -> None:
    """Once typing pauses the answer of search is kept, and nothing of it is on the record, as nobody was shown it."""
    await told(read_model, log, "Leave policy", "annual leave")
    async with serve() as made, made.client() as client:
        await client.send("typing", id="1", text="annual leave")
        await client.until("predictions")
        async with asyncio.timeout(60):
            while not await pool.fetchval(  # noqa: ASYNC110 - rows
                "select count(*) from muniment_caching.answers where kind = 'search'"
            ):
                await asyncio.sleep(0.02)
        assert [action for action, *_ in made.audited() if action == "live.answer"] == []


async def test_questions_are_suggested_once_two_have_asked_them(
    instance: Instance, read_model: ReadModel, log: Log, pool: asyncpg.Pool
) -> None:
    """Its own asker is shown a question at once, others only when two keys asked it, other tenants never."""
    await told(read_model, log, "Leave policy", "annual leave")
    questions = instance.app.state.dependencies.questions
    await questions.asked("acme", "key:me", "How many days of leave?")

    async def shown(tenant: str, actor: str) -> list[str]:
        return [one.text for one in await questions.like(tenant, actor, "how many", 5)]

    assert await shown("acme", "key:me") == ["How many days of leave?"]
    assert await shown("acme", "key:other") == []
    await questions.asked("acme", "key:second", "how many days of leave")
    assert await shown("acme", "key:other") == ["How many days of leave?"]
    assert await shown("umbrella", "key:me") == []
    await pool.execute("update muniment_caching.questions set asked_at = now() - interval '31 days'")
    assert await shown("acme", "key:me") == []


async def test_a_full_disk_lets_nothing_be_shown(
    instance: Instance, read_model: ReadModel, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the trail takes no entry, neither predictions nor an answer go out, and the client is told."""
    del tmp_path
    await told(read_model, log, "Leave policy", "annual leave")
    from muniment.schemas.error_codes import ErrorCode
    from muniment.schemas.errors import StepFailure

    def full(_: object) -> None:
        raise StepFailure(ErrorCode.DISK_FULL, "no room")

    monkeypatch.setattr(instance.app.state.dependencies.trail, "add", full)
    async with instance.client() as client:
        await client.send("typing", id="1", text="leave")
        assert (await client.until("error"))["problem"]["code"] == "disk_full"
        await client.send("query", id="q", text="annual leave", mode="text")
        end = await client.until("answer.end")
        assert (end["reason"], end["problem"]["code"]) == ("failed", "disk_full")
        assert not {"predictions", "answer.start", "answer.delta"} & set(client.kinds())


async def test_a_reader_who_takes_nothing_in_is_given_up(
    instance: Instance, read_model: ReadModel, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer pauses while nobody reads it, and after a while the channel is closed: nothing piles up."""
    monkeypatch.setattr("muniment.api.channels.connection.STALLED_S", 0.5)
    await told(read_model, log, "Leave policy", "annual leave")
    instance.writer.pieces = ["x" * 50_000] * 400
    async with instance.client(max_queue=1, close_timeout=0.1) as client:
        await client.send("query", id="q", text="annual leave", mode="text")
        async with asyncio.timeout(60):
            while instance.live._open:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
        assert instance.writer.closed == 0
        client.socket.transport.abort()
    (session,) = instance.live._lost.values()
    assert session.seq < 400
