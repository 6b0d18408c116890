"""`muniment flags`, `steps` and `breakers`."""

import pytest
from support.scripted_api import ScriptedApi


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> ScriptedApi:
    """The API as it answers here."""
    return ScriptedApi(monkeypatch)


FLAG = {
    "name": "outbox", "value": True, "default": False, "meaning": "Commands wait in Postgres.",
    "changed_at": "2026-11-22T10:15:30Z", "actor": "key:a", "reason": "Kafka is moved",
}  # fmt: skip
STEP = {
    "name": "embedding", "state": "halted", "since": "2026-11-22T10:15:30Z", "actor": "", "reason": "9 of 10 buried",
    "code": "provider_rejected", "dead": 9, "settled": 10, "lag": None, "waits": None,
}  # fmt: skip
BREAKER = {
    "name": "embedding", "state": "open", "since": "2026-11-22T10:15:30Z", "retry_at": "2026-11-22T10:16:00Z",
    "failures": 5, "code": "provider_unavailable", "by": None, "reason": None, "actor": None,
}  # fmt: skip


def test_flags_are_listed_set_and_told_of(api: ScriptedApi) -> None:
    """What each is and means, a turn with its reason, and who turned it before."""
    api.answers["GET", "/v1/flags"] = {"items": [FLAG]}
    told = api.run("flags").stdout
    for part in ("outbox", "on", "Kafka is moved", "Commands wait in Postgres."):
        assert part in told
    api.answers["PUT", "/v1/flags/outbox"] = (202, api.decides())
    assert api.run("flags", "set", "outbox", "off", "--reason", "moved").stdout == "outbox is off\n"
    assert api.bodies("PUT", "/v1/flags/outbox") == [{"value": False, "reason": "moved"}]
    change = {"value": True, "at": "2026-11-22T10:15:30Z", "actor": "key:a", "reason": "Kafka is moved"}
    api.answers["GET", "/v1/flags/outbox"] = FLAG | {"history": [change]}
    assert "2026-11-22 10:15:30" in api.run("flags", "history", "outbox").stdout
    assert api.run("flags", "set", "outbox", "maybe", "--reason", "x").exit_code == 2


def test_an_unknown_flag_is_told_with_the_known_ones(api: ScriptedApi) -> None:
    """The API's sentence is what a person reads."""
    problem = {"code": "not_found", "detail": "There is no such flag; there are: durable_worker, outbox."}
    api.answers["PUT", "/v1/flags/colour"] = (404, problem)
    told = api.run("flags", "set", "colour", "on", "--reason", "x")
    assert told.exit_code == 1
    assert "durable_worker, outbox" in told.stderr


def test_a_command_that_nobody_decides_says_so(api: ScriptedApi) -> None:
    """With the workers away the command stays on the record: that is told, and no success."""
    api.decides()
    api.answers["GET", "/v1/operations/op"] = (404, {"code": "not_found", "detail": "not yet"})
    api.answers["PUT", "/v1/flags/outbox"] = (202, {"operation_id": "op", "position": "there"})
    told = api.run("flags", "set", "outbox", "on", "--reason", "x")
    assert told.exit_code == 1
    assert "on the record" in told.stderr
    assert "muniment doctor" in told.stderr


def test_a_halted_step_is_seen_by_a_script(api: ScriptedApi) -> None:
    """Exit code 1 while one is halted; the line below says how to go on."""
    api.answers["GET", "/v1/steps"] = {"items": [STEP]}
    told = api.run("steps")
    assert told.exit_code == 1
    assert "provider_rejected: 9 of 10 buried" in told.stdout
    assert "muniment steps resume embedding" in told.stdout
    api.answers["GET", "/v1/steps"] = {"items": [STEP | {"state": "running"}]}
    assert api.run("steps", "list", "--json").exit_code == 0


def test_a_step_that_waits_says_for_what(api: ScriptedApi) -> None:
    """Whole, on a line of its own: the command in it can be copied."""
    said = f"t:0:4: key_ring_unusable: data key {'7' * 36}: `muniment keys give-up --key {'7' * 36} --reason …`"
    api.answers["GET", "/v1/steps"] = {"items": [STEP | {"state": "running", "waits": said}]}
    told = api.run("steps")
    assert f"\nembedding waits: {said}\n" in told.stdout
    assert told.exit_code == 0
    older = {name: value for name, value in STEP.items() if name != "waits"}
    api.answers["GET", "/v1/steps"] = {"items": [older | {"state": "running"}]}
    assert api.run("steps").exit_code == 0


def test_steps_and_breakers_are_turned_with_a_reason(api: ScriptedApi) -> None:
    """Each command goes to its address with the reason; without one it is not sent."""
    for words, path, line in (
        (("steps", "halt", "embedding"), "/v1/steps/embedding/halt", "embedding is halted"),
        (("steps", "resume", "embedding"), "/v1/steps/embedding/resume", "embedding goes on"),
        (("breakers", "reset", "embedding"), "/v1/breakers/embedding/reset", "embedding is closed"),
    ):
        api.answers["POST", path] = (202, api.decides())
        assert api.run(*words).exit_code == 2
        assert api.run(*words, "--reason", "why").stdout == f"{line}\n"
        assert api.bodies("POST", path) == [{"reason": "why"}]


def test_a_step_that_cannot_be_halted_is_told_with_what_to_do(api: ScriptedApi) -> None:
    """Exit code 1, with the API's sentence and its advice; the help says so before anybody tries."""
    problem = {"code": "not_haltable", "detail": "operating could not be resumed.", "what_to_do": "Halt another."}
    api.answers["POST", "/v1/steps/operating/halt"] = (409, problem)
    told = api.run("steps", "halt", "operating", "--reason", "x")
    assert told.exit_code == 1
    assert "operating could not be resumed. (not_haltable)" in told.stderr
    assert "do: Halt another." in told.stderr
    assert "Not operating" in api.run("steps", "halt", "--help").stdout


def test_an_open_breaker_is_seen_by_a_script(api: ScriptedApi) -> None:
    """Exit code 1 while one is open, with when it is tried again."""
    api.answers["GET", "/v1/breakers"] = {"items": [BREAKER]}
    told = api.run("breakers")
    assert told.exit_code == 1
    assert "10:16:00" in told.stdout
    assert "muniment breakers reset embedding" in told.stdout
