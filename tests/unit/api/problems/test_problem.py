"""Errors have one format, and tell nothing about the inside."""

import json
import re

import asyncpg
import pytest

from muniment.api.problems.kinds import KINDS, kind_of
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

MEMBERS = {"type", "title", "status", "detail", "code", "trace_id", "request_id", "what_to_do"}


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "no_such_route"),
        ("PATCH", "/v1/documents", 405, "method_not_allowed"),
        ("GET", "/v1/documents?limit=0", 422, "invalid_request"),
        ("GET", "/v1/documents?cursor=~", 422, "invalid_request"),
        ("GET", "/v1/search", 422, "invalid_request"),
    ],
)
async def test_every_error_is_a_problem(world, method, path, status, code):
    """Framework errors come in the same format as our own, with the ids of the request."""
    async with world.client() as http:
        answer = await http.request(method, path, headers=world.mine)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json().keys() >= MEMBERS
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert answer.json()["trace_id"] == answer.headers["traceparent"].split("-")[1]
    if status == 405:
        assert answer.headers["allow"]


async def test_what_nobody_foresaw_tells_nothing(world):
    """An unhandled exception is 500 without its text."""
    world.reads.fails = RuntimeError("secret detail of the inside")
    async with world.client() as http:
        answer = await http.get("/v1/documents", headers=world.mine)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]


async def test_muniment_errors_are_mapped(world):
    """A database that is away is 503 with Retry-After; a code that callers do not know is 500."""
    async with world.client() as http:
        world.reads.fails = StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "away")
        away = await http.get("/v1/documents", headers=world.mine)
        world.reads.fails = StepFailure(ErrorCode.UNDECODABLE, "inside")
        inside = await http.get("/v1/documents", headers=world.mine)
    assert (away.status_code, away.json()["code"], away.headers["retry-after"]) == (503, "database_unavailable", "2")
    assert (inside.status_code, inside.json()["code"]) == (500, "internal_error")
    assert "inside" not in inside.json()["detail"]


@pytest.mark.parametrize("kind", [asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError])
async def test_what_a_newer_read_model_brings_is_waited_for(world, kind):
    """After an upgrade the older one stays until the newer is built: 503 with Retry-After, and no fault."""
    world.reads.fails = kind("read.episode_orders")
    async with world.client() as http:
        answer = await http.get("/v1/documents", headers=world.mine)
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer.headers["retry-after"]


async def test_a_problem_never_repeats_what_was_sent(world):
    """Values may be personal: an invalid one is named by its place only."""
    async with world.client() as http:
        answer = await http.post("/v1/search", headers=world.mine, json={"q": "x", "mode": "hunter2", "k": "hunter3"})
    assert answer.status_code == 422
    assert "hunter" not in answer.text


async def test_the_type_of_a_problem_explains_it(world):
    """Following `type` gives the meaning of the code."""
    async with world.client() as http:
        for code, kind in KINDS.items():
            found = await http.get(f"/problems/{code}")
            assert found.json() == {
                "code": code,
                "status": kind.status,
                "title": kind.title,
                "what_to_do": kind.what_to_do,
            }
        assert (await http.get("/problems/none")).status_code == 404


def test_codes_are_plain_words():
    """A code is lower snake, whichever enum it comes from."""
    assert all(re.fullmatch("[a-z_]+", str(code)) for code in KINDS)
    assert json.dumps(kind_of(ErrorCode.LOG_UNAVAILABLE)[0]) == '"log_unavailable"'
    assert kind_of("of no kind")[1].status == 500
