"""The registry's own manners, beyond what it has in common with others (tests/contract/registry)."""

import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response

from muniment.api.keys import ApiKey
from muniment.api.registry.app import PREFIX, mount_registry
from muniment.api.registry.asking import BODY_MAX
from muniment.api.registry.errors import MEDIA_TYPE
from muniment.schemas.catalogue import declarations
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.schema_ids import ids

SUBJECT = "muniment.jobs-muniment.StepProgressed"
SCHEMA = next(d.schema for d in declarations() if d.key == "StepProgressed.v1")
TOKEN = "mun_" + "k" * 12 + "_" + "a" * 64


class OneKey:
    """A key store with one key, or none that can be asked."""

    def __init__(self, *, away: bool = False) -> None:
        self.away = away

    async def find(self, token: str) -> ApiKey | None:
        if self.away:
            raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "the database is away")
        known = token == TOKEN
        return ApiKey("k" * 12, "acme", frozenset({"search"}), "test", datetime.now(UTC)) if known else None


def client_of(keys: OneKey | None) -> AsyncClient:
    """A client of the registry as the API mounts it."""
    app = FastAPI(openapi_url=None)
    mount_registry(app, keys)
    return AsyncClient(transport=ASGITransport(app), base_url=f"http://test{PREFIX}")


@pytest.fixture
async def http() -> AsyncIterator[AsyncClient]:
    """A client of the open registry."""
    async with client_of(None) as client:
        yield client


def code_of(answer: Response) -> tuple[int, int]:
    """Status and error code of an error, whose shape and type are checked on the way."""
    body = answer.json()
    assert set(body) == {"error_code", "message"}
    assert answer.headers["content-type"] == MEDIA_TYPE
    return answer.status_code, body["error_code"]


def text_of(schema: object) -> str:
    """A request body."""
    return json.dumps({"schema": json.dumps(schema)})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/config"),
        ("DELETE", "/config"),
        ("PUT", f"/config/{SUBJECT}"),
        ("DELETE", f"/config/{SUBJECT}"),
        ("PUT", "/mode"),
        ("PUT", f"/mode/{SUBJECT}?force=true"),
        ("DELETE", f"/mode/{SUBJECT}"),
        ("DELETE", f"/subjects/{SUBJECT}"),
        ("DELETE", f"/subjects/{SUBJECT}/versions/latest"),
    ],
)
async def test_nothing_can_be_changed(http: AsyncClient, method: str, path: str) -> None:
    """Every change is refused as a registry in mode READONLY refuses it."""
    assert code_of(await http.request(method, path, content='{"mode": "IMPORT"}')) == (422, 42205)


async def test_a_new_schema_is_not_registered(http: AsyncClient) -> None:
    """Neither a schema that nobody declared nor a subject that is not ours gets an id."""
    new = SCHEMA | {"fields": [*SCHEMA["fields"], {"name": "note", "type": ["null", "string"], "default": None}]}
    assert code_of(await http.post(f"/subjects/{SUBJECT}/versions", content=text_of(new))) == (422, 42205)
    assert code_of(await http.post("/subjects/theirs-value/versions", content=text_of(SCHEMA))) == (422, 42205)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{nope",
        "[]",
        "3",
        '{"schema": 3}',
        '{"schema": "{nope"}',
        '{"schema": "unheard"}',
        '{"schema": "{\\"type\\": \\"record\\"}"}',
        json.dumps({"schema": json.dumps(SCHEMA), "schemaType": "JSON"}),
        json.dumps({"schema": json.dumps(SCHEMA), "references": [{"name": "a", "subject": "b", "version": 1}]}),
        "\ud800".encode("utf-8", "surrogatepass"),
        json.dumps({"schema": "[" * 60_000}),
    ],
    ids=range(12),
)
@pytest.mark.parametrize(
    "path", [f"/subjects/{SUBJECT}", f"/subjects/{SUBJECT}/versions", f"/compatibility/subjects/{SUBJECT}/versions/1"]
)
async def test_what_is_no_avro_schema_is_refused(http: AsyncClient, path: str, body: str) -> None:
    """42201 for whatever is no JSON, no schema, or of a kind that is not held here."""
    assert code_of(await http.post(path, content=body)) == (422, 42201)


async def test_a_schema_that_only_one_library_takes_is_refused(http: AsyncClient) -> None:
    """42201 also for what only the comparison finds to be no schema: a union in a union (Avro 1.12, "Unions")."""
    body = json.dumps({"schema": json.dumps(["string", ["int"]])})
    for versions in ("versions", "versions/1"):
        path = f"/compatibility/subjects/{SUBJECT}/{versions}"
        answer = await http.post(path, content=body)
        assert code_of(answer) == (422, 42201)
        assert "union" in answer.json()["message"].lower()


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "record", "name": "\ud800", "fields": []},
        {"type": "record", "name": "R", "aliases": ["\ud800"], "fields": []},
        ["int", {"type": "fixed", "name": "\ud800", "size": 1}, {"type": "fixed", "name": "\ud800", "size": 2}],
        {"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": "\ud800"}]},
        "\ud800",
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        f"/subjects/{SUBJECT}",
        f"/compatibility/subjects/{SUBJECT}/versions/1",
        f"/compatibility/subjects/{SUBJECT}/versions?verbose=true",
    ],
)
async def test_what_no_answer_can_hold_is_told_by_its_escape(http: AsyncClient, path: str, schema: object) -> None:
    """JSON can name half of a character; whoever sends one is answered, and nothing breaks."""
    answer = await http.post(path, content=json.dumps({"schema": json.dumps(schema)}))
    assert answer.status_code in {200, 404, 422}, answer.text
    assert answer.status_code != 422 or code_of(answer) == (422, 42201)


async def test_a_body_that_never_ends_is_refused(http: AsyncClient) -> None:
    """A schema is read into memory, so there is a limit."""
    assert code_of(await http.post(f"/subjects/{SUBJECT}", content=b"x" * (BODY_MAX + 1)))[0] == 413


@pytest.mark.parametrize("version", ["0", "-2", "abc", "1.0", "٣", "9" * 30, "2147483648"])
async def test_what_is_no_version_is_said(http: AsyncClient, version: str) -> None:
    """42202 tells it apart from a version that is not there."""
    assert code_of(await http.get(f"/subjects/{SUBJECT}/versions/{version}")) == (422, 42202)


@pytest.mark.parametrize("path", ["/nowhere", "/schemas/ids/abc", "/schemas/guids/x", "/associations/resources/-/t"])
async def test_what_it_has_not_is_404_in_its_own_way(http: AsyncClient, path: str) -> None:
    """Clients parse the body of an error: it is JSON also for a path that does not exist."""
    assert code_of(await http.get(path)) == (404, 404)


async def test_another_method_is_405_in_its_own_way(http: AsyncClient) -> None:
    """The same for a method that does not exist."""
    assert code_of(await http.patch("/subjects")) == (405, 405)


async def test_levels_and_mode_of_nobody(http: AsyncClient) -> None:
    """An unknown subject has none of its own, and the global ones when these are asked for."""
    assert code_of(await http.get("/config/nobody")) == (404, 40408)
    assert code_of(await http.get("/mode/nobody")) == (404, 40409)
    assert (await http.get("/config/nobody?defaultToGlobal=true")).json() == {"compatibilityLevel": "FULL_TRANSITIVE"}
    assert (await http.get("/mode/nobody?defaultToGlobal=true")).json() == {"mode": "READONLY"}
    assert (await http.get("/config")).json() == {"compatibilityLevel": "FULL_TRANSITIVE"}
    assert (await http.get("/mode")).json() == {"mode": "READONLY"}


async def test_a_schema_without_its_documentation_is_known(http: AsyncClient) -> None:
    """What writes the same bytes is the same schema: clients drop `doc` and attributes when they parse it."""
    bare = {
        "type": "record",
        "name": "muniment.StepProgressed",
        "fields": [
            {"name": f["name"], "type": f["type"]["type"] if isinstance(f["type"], dict) else f["type"]}
            for f in SCHEMA["fields"]
        ],
    }
    found = (await http.post(f"/subjects/{SUBJECT}", content=text_of(bare))).json()
    assert (found["id"], found["version"]) == (ids()["StepProgressed.v1"], 1)


async def test_lists_are_cut_and_filtered(http: AsyncClient) -> None:
    """Prefix, offset, limit, latestOnly, and the context that newer clients write before a name."""
    names = (await http.get("/subjects?subjectPrefix=muniment.jobs-")).json()
    assert names[-2:] == [SUBJECT, "muniment.jobs-value"]
    assert names == [n for n in (await http.get("/subjects")).json() if n.startswith("muniment.jobs-")]
    assert (await http.get("/subjects?subjectPrefix=:.:muniment.jobs-&offset=1&limit=1")).json() == names[1:2]
    everything = (await http.get("/schemas")).json()
    latest = (await http.get("/schemas?latestOnly=true")).json()
    assert len({(one["subject"]) for one in everything}) == len(latest) < len(everything)
    assert (await http.get(f"/subjects/:.:{SUBJECT}/versions")).json() == [1]
    assert (await http.get("/contexts")).json() == ["."]
    assert (await http.get("/")).json() == {}
    assert (await http.get("/schemas/types")).json() == ["AVRO"]


async def test_nothing_was_ever_deleted(http: AsyncClient) -> None:
    """Whoever asks for deleted ones, too, gets all there are; whoever asks for those alone gets none."""
    for path in ("/subjects", f"/subjects/{SUBJECT}/versions"):
        assert (await http.get(f"{path}?deleted=true")).json() == (await http.get(path)).json()
        assert (await http.get(f"{path}?deletedOnly=true&deleted=true")).json() == []
    assert code_of(await http.get("/subjects/nobody/versions?deletedOnly=true")) == (404, 40401)


@pytest.mark.parametrize("keys", [None, OneKey()])
async def test_it_answers_at_its_address_without_the_slash(keys: OneKey | None) -> None:
    """What tools are told to ask, and people try first, is the registry, and lets nobody in that the rest would not."""
    async with client_of(keys) as client:
        answer = await client.get(f"http://test{PREFIX}")
        known = await client.get(f"http://test{PREFIX}", headers=basic("x", TOKEN))
        other = await client.post(f"http://test{PREFIX}", headers=basic("x", TOKEN))
    assert (known.json(), known.headers["content-type"]) == ({}, MEDIA_TYPE)
    assert (answer.json() == {}) if keys is None else (code_of(answer) == (401, 40101))
    assert code_of(other) == (405, 405)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("unheard", "unheard"),
        ('{"type": "record"}', "name"),
        ('{"type": "array"}', "items"),
        ('{"type": "record", "name": "X", "fields": [{"name": "a", "type": "strin"}]}', "strin"),
        ("{nope", "line 1 column 2"),
    ],
    ids=range(5),
)
async def test_it_says_what_is_wrong_with_a_schema(http: AsyncClient, given: str, why: str) -> None:
    """As Confluent's does: the name of an exception would help nobody to find the place."""
    answer = await http.post(f"/subjects/{SUBJECT}", content=json.dumps({"schema": given}))
    assert code_of(answer) == (422, 42201)
    assert why in answer.json()["message"]
    assert len(answer.json()["message"]) < 400


async def test_a_schema_as_it_stands(http: AsyncClient) -> None:
    """Without the JSON around it, by id and by version; and the highest id for who asks."""
    number = ids()["StepProgressed.v1"]
    by_id = await http.get(f"/schemas/ids/{number}/schema")
    by_version = await http.get(f"/subjects/{SUBJECT}/versions/latest/schema")
    assert by_id.json() == by_version.json() == SCHEMA
    assert (await http.get(f"/schemas/ids/{number}?fetchMaxId=true")).json()["maxId"] == max(ids().values())
    assert (await http.get(f"/subjects/{SUBJECT}/versions/-1/referencedby")).json() == []


async def test_a_verdict_says_why(http: AsyncClient) -> None:
    """With `verbose` an incompatible schema comes with the field and the rule; a topic's subject keeps no rule."""
    other = SCHEMA | {"fields": [*SCHEMA["fields"][:-1], {"name": "unit", "type": "long"}]}
    answer = await http.post(f"/compatibility/subjects/{SUBJECT}/versions?verbose=true", content=text_of(other))
    assert answer.json()["is_compatible"] is False
    assert all("field unit" in message for message in answer.json()["messages"])
    answer = await http.post("/compatibility/subjects/muniment.jobs-value/versions/latest", content=text_of(other))
    assert answer.json() == {"is_compatible": True}


def basic(user: str, password: str) -> dict[str, str]:
    """The header of basic authentication."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        (basic("x", TOKEN), 200),
        (basic("mun_" + "k" * 12, "a" * 64), 200),
        (basic("k" * 12, "a" * 64), 200),
        (basic("x", "wrong"), 401),
        ({"Authorization": "Basic ü"}, 401),
        ({"Authorization": "Digest x"}, 401),
    ],
    ids=range(8),
)
async def test_with_keys_wanted_a_key_is_wanted(headers: dict[str, Any], status: int) -> None:
    """As a bearer token or by basic authentication, which is what Kafka's tools can send."""
    async with client_of(OneKey()) as client:
        answer = await client.get("/subjects", headers={k: v.encode("latin-1") for k, v in headers.items()})
    assert answer.status_code == status
    if status == 401:
        assert code_of(answer) == (401, 40101)
        assert answer.headers["www-authenticate"].startswith("Basic")


async def test_keys_that_cannot_be_looked_up_are_503() -> None:
    """With the database away nobody is let in, and nobody is told that the key is wrong."""
    async with client_of(OneKey(away=True)) as client:
        assert code_of(await client.get("/subjects", headers={"Authorization": f"Bearer {TOKEN}"})) == (503, 503)
