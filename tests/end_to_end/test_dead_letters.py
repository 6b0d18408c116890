"""Dead letters from first sight to redrive, on the whole stack, by the command line as an operator uses it."""

import json
from typing import Any

import pytest
from support.stack import Api, Stack, until

REJECTED = {"kind": "status", "status": 400, "times": 50}


@pytest.fixture
def own(stack: Stack) -> Api:
    """A caller of the tenant whose key the command line has."""
    stack.endpoint.reset()
    return stack.api("default")


def told(stack: Stack, *words: str, code: int = 0) -> Any:
    """What `muniment dlq` says as JSON, with this exit code."""
    done = stack.run("dlq", *words, "--json", check=False)
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout) if done.stdout else None


def buried(stack: Stack, api: Api, names: list[str]) -> list[dict[str, Any]]:
    """The dead letters of documents that the endpoint rejects; it is well again afterwards."""
    stack.endpoint.misbehave(REJECTED)
    done = [api.submit(f"A text about {name}, which nobody takes.", f"{name}.txt") for name in names]
    assert [api.ended(one)["state"] for one in done] == ["failed"] * len(names)
    stack.endpoint.reset()
    jobs = {one["job_id"] for one in done}

    def look() -> list[dict[str, Any]]:
        found = [one for one in api.get("/v1/dead-letters", limit=200)["items"] if one["job_id"] in jobs]
        return found if len(found) == len(names) else []

    return until("the dead letters are listed", look, 60)


def job_of(api: Api, letter: dict[str, Any]) -> dict[str, Any]:
    """The job of a letter, once it has succeeded."""

    def look() -> dict[str, Any] | None:
        job = api.job(letter["job_id"])
        return job if job and job["state"] == "succeeded" else None

    return until("the redriven job succeeds", look, 60)


def test_a_healed_cause_is_redriven(stack: Stack, own: Api) -> None:
    """Grouped, looked at, redriven with a canary: every document is indexed, and no letter goes back twice."""
    letters = buried(stack, own, ["rubyrat", "goldgoat", "jadejay"])
    fingerprint = letters[0]["fingerprint"]
    assert {one["fingerprint"] for one in letters} == {fingerprint}
    [group] = [
        one for one in told(stack, "groups", "--status", "waiting")["items"] if one["fingerprint"] == fingerprint
    ]
    assert (group["step"], group["code"], group["by_status"]) == ("embedding", "provider_rejected", {"waiting": 3})
    assert group["programs"]
    assert group["gone_since_version"] is None
    words = ("redrive", "--group", fingerprint, "--reason", "the endpoint takes them again")
    assert told(stack, *words, "--dry-run")["letters"] == 3
    ended = told(stack, *words, "--canary", "1", "--rate", "20")
    assert (ended["state"], ended["letters"], ended["redriven"], ended["failed"], ended["left"]) == ("done", 3, 3, 0, 0)
    assert ended["actor"].startswith("key:")
    for letter in letters:
        assert job_of(own, letter)["outcome"] == "indexed"
    assert own.search("goldgoat", mode="text")
    names = [one["dead_letter_id"] for one in letters]
    until("the letters say so", lambda: all(own.get(f"/v1/dead-letters/{n}")["status"] == "redriven" for n in names))
    assert {own.get(f"/v1/dead-letters/{name}")["redriven_by"] for name in names} == {ended["redrive_id"]}
    assert told(stack, "show", names[0])["redriven_by"] == ended["redrive_id"]
    told(stack, *words, code=1)


def test_a_cause_that_is_not_healed_stops_at_its_canary(stack: Stack, own: Api) -> None:
    """One letter goes first and fails again: the others are left, and the exit code says that it did not go well."""
    letters = buried(stack, own, ["opalowl", "pearlpig", "onyxox"])
    stack.endpoint.misbehave(REJECTED)
    names = [one["dead_letter_id"] for one in letters]
    ended = told(stack, "redrive", *names, "--reason", "perhaps it is well", "--canary", "1", "--rate", "20", code=3)
    assert (ended["state"], ended["redriven"]) == ("canary_failed", 1)
    stack.endpoint.reset()

    def statuses() -> list[str]:
        return sorted(own.get(f"/v1/dead-letters/{name}")["status"] for name in names)

    until("one has failed again", lambda: statuses() == ["failed_again", "waiting", "waiting"], 60)

    def once_more() -> list[dict[str, Any]]:
        waiting = own.get("/v1/dead-letters", status="waiting", limit=200)["items"]
        return [one for one in waiting if one["redriven_from"] in names]

    [again] = until("its new letter is listed", once_more)
    assert again["redrive_times"] == 1
    waiting = [name for name in names if own.get(f"/v1/dead-letters/{name}")["status"] == "waiting"]
    ended = told(stack, "redrive", *waiting, again["dead_letter_id"], "--reason", "it is well", "--rate", "20")
    assert (ended["state"], ended["redriven"], ended["failed"]) == ("done", 3, 0)
    for letter in letters:
        assert job_of(own, letter)["outcome"] == "indexed"


def test_what_nobody_wants_is_discarded(stack: Stack, own: Api) -> None:
    """Discarded with a reason: it stays on the log, says who and why, and is not redriven any more."""
    [letter] = buried(stack, own, ["tintapir"])
    name = letter["dead_letter_id"]
    told(stack, "discard", name, "--reason", "a test file")
    shown = told(stack, "show", name)
    assert (shown["status"], shown["reason"]) == ("discarded", "a test file")
    told(stack, "redrive", name, "--reason", "after all", code=1)
    assert told(stack, "show", name, "--record")["record"]["event"] == "ChunksPrepared.v1"


def test_the_text_of_a_batch_is_not_edited(stack: Stack, own: Api) -> None:
    """The person is told what to do instead; the letter waits as before and can be redriven, or discarded."""
    [letter] = buried(stack, own, ["leadlynx"])
    name = letter["dead_letter_id"]
    words = ("edit", name, "--reason", "shorter", "--set", '/texts/0/text="A text about leadlynx."')
    done = stack.run("dlq", *words, check=False)
    assert (done.returncode, "submit a new version of the document" in done.stderr) == (1, True), done.stderr
    assert own.get(f"/v1/dead-letters/{name}")["status"] == "waiting"
    told(stack, "redrive", name, "--reason", "the endpoint takes it again")
    assert job_of(own, letter)["outcome"] == "indexed"


def test_a_step_is_halted_and_resumed(stack: Stack, own: Api) -> None:
    """While a step is halted its records wait and use up no attempt; resumed, they go on. A flag has its history."""
    stack.run("steps", "halt", "embedding", "--reason", "the endpoint is changed")
    try:
        listed = stack.run("steps", check=False)
        assert listed.returncode == 1
        assert "the endpoint is changed" in listed.stdout

        def halted() -> list[str]:
            # What could not be looked up in time is null.
            told = own.ask("GET", "/health/detailed").json()["operations"]
            return told["halted_steps"] if told else []

        assert until("health says so", halted) == ["embedding"]
        done = own.submit("A text about zinczebra.", "zebra.txt")
        until("it waits for embedding", lambda: (own.job(done["job_id"]) or {}).get("step") == "embedding", 60)
        assert stack.endpoint.calls()["requests"] == 0
    finally:
        stack.run("steps", "resume", "embedding", "--reason", "it is changed")
    job = own.ended(done)
    assert (job["outcome"], job["attempts"]) == ("indexed", 0)
    assert stack.run("steps", check=False).returncode == 0
