"""Open streams of every kind end when their reader may listen no longer, and say why."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from httpx2 import Response
from support.feed import MemoryFeed
from support.listening import Event, events_of
from support.signed_in import COOKIE

from muniment.api.keys import Scope
from muniment.api.live.hub import Hub
from muniment.api.project_reads.news import ProjectNews
from muniment.api.rights import Rights
from muniment.api.script_reads.streams import DraftStreams
from muniment.api.sessions import Person
from muniment.api.streams import EventStream
from muniment.producers.draft_pieces import DraftMemory
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

STREAMS = {
    "/v1/jobs/events": lambda world: "/v1/jobs/events",
    "/v1/jobs/{job_id}/events": lambda world: f"/v1/jobs/{world.add_job()}/events",
    "/v1/projects/{project_id}/events": lambda world: f"/v1/projects/{world.projects.add()}/events",
    "/v1/drafts/{draft_id}/events": lambda world: f"/v1/drafts/{world.scripts.add(state='prompted')}/events",
}


class Rounds(Rights):
    """Rights that are asked for often; `opened` says that a stream stands on one."""

    def __init__(self) -> None:
        super().__init__(0.02)
        self.opened = asyncio.Event()

    def held(self, right: Any, lost: Any) -> Any:
        """See `Rights.held`."""
        self.opened.set()
        return super().held(right, lost)


@pytest.fixture
async def streaming(world: Any) -> AsyncIterator[Any]:
    """The API with all that its streams stand on."""
    settings = world.settings
    async with Hub(MemoryFeed(), settings) as hub, ProjectNews(world.projects) as news:
        world.app.state.dependencies = replace(
            world.dependencies(),
            streams=hub,
            project_news=news,
            draft_streams=DraftStreams(DraftMemory(), settings),
            rights=Rounds(),
        )
        yield world


@asynccontextmanager
async def listening(world: Any, address: str, **asking: Any) -> AsyncIterator[Callable[[], Any]]:
    """A stream that is open; what is given waits for its end, and gives all that was sent."""
    rights = world.app.state.dependencies.rights
    async with world.client() as http, asyncio.TaskGroup() as group:
        answered = group.create_task(http.get(address, **asking))
        await asyncio.wait(
            [answered, waiting := group.create_task(rights.opened.wait())],
            return_when=asyncio.FIRST_COMPLETED,
            timeout=60,
        )
        assert not answered.done(), answered.result().text
        waiting.cancel()
        await asyncio.sleep(0.1)
        assert not answered.done(), "ended before anything was wrong"

        async def ended() -> Response:
            async with asyncio.timeout(60):
                return await answered

        yield ended


def last(answer: Response) -> Event:
    """The last that a stream sent."""
    return events_of(answer.text)[-1]


def test_every_stream_is_looked_at_here(world: Any) -> None:
    """A new kind of stream joins the tests of this file."""
    answers = {path: item["get"]["responses"] for path, item in world.app.openapi()["paths"].items() if "get" in item}
    found = {path for path, told in answers.items() if EventStream.media_type in told.get("200", {}).get("content", {})}
    assert found == STREAMS.keys()


@pytest.mark.parametrize("stream", STREAMS)
async def test_a_key_that_is_revoked_ends_its_streams(streaming: Any, stream: str) -> None:
    """The last event says that nobody is known by it any more, and what to do."""
    async with listening(streaming, STREAMS[stream](streaming), headers=streaming.reader) as ended:
        del streaming.keys.known["reader"]
        answer = await ended()
    assert (last(answer).name, last(answer).data["code"]) == ("refused", "unauthorized")
    assert last(answer).data["what_to_do"]


@pytest.mark.parametrize("stream", STREAMS)
async def test_a_scope_that_is_taken_away_ends_the_streams_that_want_it(streaming: Any, stream: str) -> None:
    """The key is worth something still, but not this."""
    async with listening(streaming, STREAMS[stream](streaming), headers=streaming.reader) as ended:
        streaming.keys.add("reader", "acme", Scope.SEARCH)
        answer = await ended()
    assert (last(answer).name, last(answer).data["code"]) == ("refused", "forbidden")


async def test_who_signs_out_hears_no_more(streaming: Any) -> None:
    """A stream that was opened by the console's cookie ends with its session, which its being open does not prolong."""
    token = await streaming.sessions.begin(Person("acme", "3f2a", "Somebody", frozenset({Scope.DOCUMENTS_READ})))
    cookies = {"Cookie": f"{COOKIE}={token}"}
    async with listening(streaming, "/v1/jobs/events", headers=cookies) as ended:
        uses = len(streaming.sessions.uses)
        await asyncio.sleep(0.1)
        await streaming.sessions.end(token)
        answer = await ended()
    assert (last(answer).name, last(answer).data["code"]) == ("refused", "unauthorized")
    assert len(streaming.sessions.uses) == uses


async def test_the_key_of_another_tenant_is_another_key(streaming: Any) -> None:
    """A key that was given to somebody else shows nothing of what it was let in for."""
    async with listening(streaming, "/v1/jobs/events", headers=streaming.reader) as ended:
        streaming.keys.add("reader", "umbrella", Scope.DOCUMENTS_READ)
        answer = await ended()
    assert last(answer).data["code"] == "unauthorized"


async def test_a_stream_outlasts_an_absence_of_the_database(streaming: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """While nobody can tell whether a key is worth anything its streams stay open."""
    known, asked = streaming.keys.find, 0

    async def away(_: str) -> None:
        nonlocal asked
        asked += 1
        raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "away")

    async with listening(streaming, "/v1/jobs/events", headers=streaming.reader) as ended:
        monkeypatch.setattr(streaming.keys, "find", away)
        async with asyncio.timeout(60):
            while asked < 3:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.02)
        monkeypatch.setattr(streaming.keys, "find", known)
        del streaming.keys.known["reader"]
        answer = await ended()
    assert last(answer).name == "refused"
