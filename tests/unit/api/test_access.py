"""Who may do what: keys, scopes, tenants. Driven by the table of routes, so that a new route is covered by itself."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from muniment.api.keys import ApiKey, Scope, hash_secret, matches, parse_token

OPEN = {"/health", "/health/liveness", "/health/readiness", "/health/startup", "/health/detailed", "/metrics"}
OPEN |= {"/problems/{code}", "/catalogue", "/asyncapi.json"}
HOUSE = {"/v1/embedding-models", "/v1/projections", "/v1/flags", "/v1/steps", "/v1/breakers"}
HOUSE |= {"/v1/checkpoints", "/v1/proofs"}
"""What is the whole house's: every operator sees the same, whatever their tenant."""
IDS = {
    "dead_letter_id": "0-1",
    "redrive_id": uuid4(),
    "operation_id": uuid4(),
    "data_key_id": uuid4(),
    "flag": "outbox",
    "step": "embedding",
    "breaker": "embedding",
    "erasure_id": uuid4(),
    "subject": "nobody",
    "projection": "documents",
    "project_id": uuid4(),
    "episode_id": uuid4(),
    "command_id": uuid4(),
    "draft_id": uuid4(),
    "number": 1,
    "topic": "muniment.documents",
    "partition": 0,
}
BODIES = {
    "/v1/search": {"q": "leave"},
    "/v1/dead-letters/{dead_letter_id}/edit": {"patch": [{"op": "remove", "path": "/title"}], "reason": "why"},
    "/v1/redrives/{redrive_id}/stop": {"reason": "why"},
    "/v1/jobs/{job_id}/cancel": {"reason": "why"},
    "/v1/erasures/{erasure_id}/confirm": {"reason": "why"},
    "/v1/erasures/{erasure_id}/reject": {"reason": "why"},
    "/v1/projects/{project_id}": {"title": "a"},
    "/v1/projects/{project_id}/documents": {"add": []},
    "/v1/projects/{project_id}/episodes": {"title": "a"},
    "/v1/projects/{project_id}/episodes/{episode_id}/drafts": {},
    "/v1/projects/{project_id}/episodes/{episode_id}/script/restore": {"number": 1},
    "/v1/drafts/{draft_id}/discard": {},
    "/v1/projects/{project_id}/episodes/{episode_id}": {"title": "a"},
    "/v1/projects/{project_id}/episodes/{episode_id}/move": {"position": 0},
}


def operations(app):
    """Every operation of the API: method, path template."""
    return [(m.upper(), path) for path, item in app.openapi()["paths"].items() for m in item]


async def test_every_route_but_health_wants_a_key(world):
    """Without a key, or with a wrong one, every route answers 401 and says how to authenticate."""
    world.app.state.started = True
    async with world.client() as http:
        for method, path in operations(world.app):
            address = path.format(document_id=uuid4(), job_id=uuid4(), **IDS, code="not_found")
            answers = [
                await http.request(method, address),
                await http.request(method, address, headers={"Authorization": "Bearer wrong"}),
                await http.request(method, address, headers={"Authorization": "Basic bWluZTo="}),
            ]
            if path in OPEN:
                assert {a.status_code for a in answers} == {200}, path
                continue
            for answer in answers:
                assert answer.status_code == 401, (method, path)
                assert answer.headers["www-authenticate"].startswith("Bearer")
                assert answer.json()["code"] == "unauthorized"


async def test_a_stranger_sees_nothing_at_any_route(world):
    """Another tenant's key gets empty lists and 404s, the same as for ids that never were."""
    [letter] = world.reads.add_letters(1)
    ids = {**IDS, "document_id": world.add_document(), "job_id": world.add_job(), "dead_letter_id": letter}
    ids["project_id"], ids["draft_id"] = world.projects.add(), world.scripts.add()
    world.add_hits(1)
    params = {"q": "leave", "theirs": str(uuid4())}
    never = {**IDS, "document_id": uuid4(), "job_id": uuid4(), "dead_letter_id": "9-9"}
    async with world.client() as http:
        for method, path in operations(world.app):
            if path == "/v1/jobs/events":
                continue  # has no end; what it tells whom is tested where streams are
            if path in OPEN or (method == "POST" and "{" not in path and path != "/v1/search"):
                continue
            if any(path.startswith(house) for house in HOUSE):
                continue
            body = BODIES.get(path, {"text": "a"})
            sent = {"json": body} if method in {"POST", "PATCH"} else {}
            # The trail refuses what is no filter of it.
            asked = {} if path.startswith("/v1/audit") else params
            theirs = await http.request(method, path.format(**ids), params=asked, headers=world.theirs, **sent)
            nobodys = await http.request(method, path.format(**never), params=asked, headers=world.mine, **sent)
            if "{" in path:
                assert theirs.status_code == nobodys.status_code == 404, (method, path)
                assert theirs.json()["detail"] == nobodys.json()["detail"]
            elif path == "/v1/whoami":
                assert theirs.json()["tenant"] == "umbrella"
            elif path == "/v1/audit/export":
                assert (theirs.text, nobodys.text.count("\n")) == ("", 1)
            else:
                items = theirs.json().get("items", theirs.json().get("hits"))
                assert items == [], (method, path)
    assert not world.publisher.sent


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/v1/documents", True), ("GET", "/v1/search?q=a", False), ("POST", "/v1/documents", False)],
)
async def test_a_key_does_what_its_scopes_say(world, method, path, allowed):
    """A key that lacks the scope gets 403 with the scope it lacks."""
    async with world.client() as http:
        answer = await http.request(method, path, headers=world.reader)
    if allowed:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 403
        assert "insufficient_scope" in answer.headers["www-authenticate"]
        assert answer.json()["scope"] in answer.headers["www-authenticate"]


def test_admin_has_every_scope():
    """`admin` stands for all."""
    now = datetime.now(UTC)
    key = ApiKey("k", "acme", frozenset({Scope.ADMIN}), "n", now)
    assert all(key.allows(scope) for scope in Scope)


def test_a_key_ends_when_it_is_revoked_or_expires():
    """Validity is neither revoked nor past its time."""
    now = datetime.now(UTC)
    key = ApiKey("k", "acme", frozenset(), "n", now, expires_at=now + timedelta(hours=1))
    assert key.valid_at(now)
    assert not key.valid_at(now + timedelta(hours=1))
    assert not ApiKey("k", "acme", frozenset(), "n", now, revoked_at=now).valid_at(now)


def test_tokens_are_taken_apart_exactly():
    """Only `mun_`, twelve characters and 64 hexadecimal digits are a token."""
    token = f"mun_{'a1' * 6}_{'0f' * 32}"
    assert parse_token(token) == ("a1" * 6, "0f" * 32)
    for wrong in ("", token + "0", token.upper(), token[4:], token + "\n", f"mun_{'a' * 12}_{'g' * 64}"):
        assert parse_token(wrong) is None


def test_only_the_secret_matches():
    """A wrong secret and an unknown key are both refused."""
    assert matches("secret", hash_secret("secret"))
    assert not matches("secreT", hash_secret("secret"))
    assert not matches("secret", None)
