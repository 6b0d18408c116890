"""The short way answers what FastAPI would, and takes only what it can."""

from uuid import uuid4

import pytest
from fastapi import Cookie, Depends, FastAPI, Header, Request, Response
from httpx2 import ASGITransport, AsyncClient

from muniment.api import position
from muniment.api.straight.plans import plan_of
from muniment.api.straight.way import Straight, ways
from muniment.schemas.record import Position

OWN = {"x-request-id", "traceparent"}
TOKEN = position.to_token([Position("muniment.commands.documents", 3, 42)])
ASKED = (
    ("/v1/documents/{known}", {}, {}),
    ("/v1/documents/{unknown}", {}, {}),
    ("/v1/documents/none", {}, {}),
    ("/v1/documents/{known}", {"wait": "3"}, {}),
    ("/v1/documents/{known}", {"wait": "300"}, {}),
    ("/v1/documents/{known}", {"position": "?"}, {}),
    ("/v1/documents/{known}", {}, {"Muniment-Position": TOKEN}),
    ("/v1/documents/{known}", {"as_of": "2026-11-01T10:15:30Z"}, {}),
    ("/v1/documents/{known}", {"as_of": "yesterday"}, {}),
    ("/v1/documents/{known}/", {}, {}),
    ("/v1/documents/{known}/versions", {}, {}),
    ("/v1/documents", {}, {}),
    ("/v1/documents", {"limit": "1", "status": "indexed"}, {}),
    ("/v1/documents", {"limit": "0", "status": "unheard"}, {}),
    ("/v1/documents", {"limit": ["1", "2"]}, {}),
    ("/v1/search", {"q": "leave", "mode": "text", "document_id": [str(uuid4()), str(uuid4())]}, {}),
    ("/v1/search", {}, {}),
    ("/v1/jobs", {}, {}),
    ("/v1/jobs/events", {"last_event_id": "no"}, {}),
    ("/v1/flags", {}, {}),
    ("/v1/whoami", {}, {}),
    ("/v1/nothing", {}, {}),
)


async def test_the_answer_is_the_one_that_fastapi_gives(world, monkeypatch):
    """Status, headers, body and the entry in the trail are equal, with a key, a lesser one, and none."""
    known, unknown = world.add_document(), uuid4()
    for path, query, headers in ASKED:
        for key in (world.mine, world.operator, {}):
            asked = (path.format(known=known, unknown=unknown), query, headers | key)
            short = await _asked(world, *asked)
            with monkeypatch.context() as patch:
                patch.setattr(Straight, "_found", lambda *_: None)
                assert short == await _asked(world, *asked), asked


async def _asked(world, path, query, headers):
    async with world.client() as http:
        answer = await http.get(path, params=query, headers=headers)
    entered = world.trail.entries()
    world.trail.records.clear()
    said = {k: v for k, v in answer.headers.items() if k not in OWN}
    return answer.status_code, said, _body(answer), entered


def _body(answer):
    body = answer.json()
    return {k: v for k, v in body.items() if k not in {"request_id", "trace_id", "took_ms"}}


def test_reads_of_documents_jobs_and_search_take_it(world):
    """What is read most has a plan: a change that takes it away is not to go unseen."""
    found = {way.route.operation_id for family in ways(world.app).values() for way in family if way.plan}
    assert {"getDocument", "listDocuments", "listVersions", "getJob", "listJobs", "search", "getDraft"} <= found


async def test_what_nobody_foresaw_is_left_to_the_outermost_layer(world):
    """An exception that the application has no answer for is answered as anywhere else: 500, and nothing of it."""
    world.reads.fails = RuntimeError("a password")
    async with world.client() as http:
        answer = await http.get("/v1/documents", headers=world.mine)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "password" not in answer.text


async def test_a_dependency_of_several_is_called_once():
    """As by FastAPI: who asks is found out once, however many depend on it."""
    app, called = FastAPI(), []

    async def who(request: Request) -> str:
        called.append(request.url.path)
        return "me"

    async def waits(_: str = Depends(who)) -> None:
        pass

    @app.get("/v1/things/{thing}", dependencies=[Depends(waits)])
    async def things(thing: int, asking: str = Depends(who)) -> dict[str, str]:
        return {asking: str(thing)}

    app.add_middleware(Straight, whole=app)
    async with AsyncClient(transport=ASGITransport(app), base_url="http://muniment") as http:
        answer = await http.get("/v1/things/7")
    assert answer.json() == {"me": "7"}
    assert called == ["/v1/things/7"]
    assert plan_of(app.routes[-1]) is not None


async def _cookie(given: str | None = Cookie(default=None)) -> str | None:
    return given


async def _response(response: Response) -> str:
    return response.headers["x"]


def _thread() -> str:
    return ""


async def _list(given: list[str] = Header(default=[])) -> list[str]:  # noqa: B008 - as a route says it
    return given


@pytest.mark.parametrize("asks", [_cookie, _response, _thread, _list])
def test_a_route_that_asks_for_more_has_no_plan(asks):
    """Cookies, the response, functions that may block, and defaults that can be changed are FastAPI's to give."""
    app = FastAPI()

    @app.get("/v1/things")
    async def things(given: str = Depends(asks)) -> str:
        return given

    assert plan_of(app.routes[-1]) is None
