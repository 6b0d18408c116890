"""The trail of a whole stack: nothing that was answered is missing from it, whatever is killed."""

import json

from support.stack import Api, Stack, until


def actions(api: Api, **params: str) -> list[str]:
    """What the trail has of the caller's tenant, oldest first."""
    return [one["action"] for one in api.get("/v1/audit", limit=200, tenant="own", **params)["items"]][::-1]


def test_what_was_answered_before_a_kill_is_in_the_trail(stack: Stack, api: Api) -> None:
    """Forty reads, `kill -9` of the API right after the last answer: each of them is there, once."""
    document = api.indexed("# Leave\n\nTwenty-five days of leave.", "leave.md")["document_id"]
    caller = stack.api(api.tenant, patience_s=60)
    for _ in range(40):
        assert caller.http.get(f"/v1/documents/{document}").status_code == 200
    stack.kill("api")

    actor = f"key:{caller.http.headers['authorization'].split('_')[1]}"

    def told() -> int:
        return actions(caller, document_id=document, actor=actor, action="document.read").count("document.read")

    until("the trail has every read", lambda: told() >= 40)
    assert told() == 40


def test_the_command_line_is_in_the_trail_and_reads_it(stack: Stack) -> None:
    """A key made past the API, before and after, and the one that `muniment up` made at the start."""
    made = json.loads(stack.run("keys", "create", "auditor", "--scope", "audit", "--json").stdout)

    def told() -> list[tuple[str, str]]:
        lines = stack.run("audit", "trail", "--action", "key.create", "--json").stdout.splitlines()
        found = [json.loads(line) for line in lines]
        ended = [(one["entity"], one["outcome"]) for one in found if one["entity"] == made["key_id"]]
        return ended if ended and len(found) >= 4 else []

    assert until("both entries", told) == [(made["key_id"], "done")]
    shown = stack.run("audit", "trail", "--action", "key.*").stdout
    assert "key.create" in shown


def test_the_audited_topics_are_watched(stack: Stack) -> None:
    """Somebody looks, finds nothing wrong, and the doctor says so."""
    api = stack.api()

    def looked() -> object:
        # A part that did not answer in time says nothing of itself.
        return api.ask("GET", "/health/detailed").json()["parts"]["audited_topics"]["facts"].get("looked_at")

    until("a look", looked)

    def said() -> bool:
        # Tests before this one may have killed the broker: the next look finds it.
        checks = {one["name"]: one for one in json.loads(stack.run("doctor", "--json", check=False).stdout)["checks"]}
        return checks["audited"]["ok"] and checks["audited"]["detail"] == "never compacted, never cut short"

    until("the doctor says so", said, 90, every_s=1)
