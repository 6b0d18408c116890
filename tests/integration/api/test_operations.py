"""Operators against the API on real parts: what was decided is there when they look."""

from typing import Any

import httpx2
from played_workers import BURIED
from served_api import Served
from support.until import until


def test_a_flag_is_set_and_its_history_told(served: Served) -> None:
    """A read with the token of the change sees it, with who and why; the decision can be asked for."""
    with served.client() as api:
        answer = api.put("/v1/flags/outbox", json={"value": True, "reason": "Kafka is being moved"})
        assert answer.status_code == 202, answer.text
        position = {"Muniment-Position": answer.headers["muniment-position"]}
        flag = api.get("/v1/flags/outbox", headers=position).json()
        assert (flag["value"], flag["reason"]) == (True, "Kafka is being moved")
        assert flag["history"][0]["actor"] == f"key:{served.mine.split('_')[1]}"
        outcome = api.get(answer.headers["location"], headers=position).json()
        assert (outcome["outcome"], outcome["events"][0]["kind"]) == ("accepted", "flag")
        again = api.put("/v1/flags/outbox", json={"value": False, "reason": "moved"})
        flag = api.get("/v1/flags/outbox", headers={"Muniment-Position": again.json()["position"]}).json()
        assert [change["value"] for change in flag["history"][:2]] == [False, True]


def test_a_halted_step_is_listed_until_it_is_resumed(served: Served) -> None:
    """Halted by a person, resumed by a person; a document's own reads do not wait for either."""
    with served.client() as api:
        halted = api.post("/v1/steps/purging/halt", json={"reason": "looking at it"})
        token = {"Muniment-Position": halted.json()["position"]}
        states = {step["name"]: step for step in api.get("/v1/steps", headers=token).json()["items"]}
        assert (states["purging"]["state"], states["extracting"]["state"]) == ("halted", "running")
        assert api.get("/v1/documents", headers=token).status_code == 200
        resumed = api.post("/v1/steps/purging/resume", json={"reason": "looked"})
        token = {"Muniment-Position": resumed.json()["position"]}
        states = {step["name"]: step for step in api.get("/v1/steps", headers=token).json()["items"]}
        assert states["purging"]["state"] == "running"


def buried(api: httpx2.Client) -> dict[str, Any]:
    """A dead letter, once it is listed."""
    sent = api.post("/v1/documents", json={"text": "no more", "title": "Old title", "file_name": BURIED}).json()
    asked = {"job_id": sent["job_id"]}
    return until("it is listed", lambda: api.get("/v1/dead-letters", params=asked).json()["items"])[0]


def test_a_dead_letter_is_looked_at(served: Served) -> None:
    """It is in its group, its record is readable, and it is nobody else's."""
    with served.client() as api:
        letter = buried(api)
        path = f"/v1/dead-letters/{letter['dead_letter_id']}"
        assert (letter["status"], letter["step"], letter["event"]) == ("waiting", "deciding", "SubmitDocument")
        groups = api.get("/v1/dead-letters/groups", params={"status": "waiting"}).json()["items"]
        [group] = [one for one in groups if one["fingerprint"] == letter["fingerprint"]]
        assert (group["programs"], group["gone_since_version"]) == (["0.0.1"], "0.1.0")
        answer = api.get(f"{path}/record")
        assert answer.status_code == 200, answer.text
        record = answer.json()
        assert (record["event"], record["data"]["title"], record["redacted"]) == ("SubmitDocument.v1", "Old title", [])
    with served.client(served.theirs) as others:
        assert others.get(path).status_code == others.get(f"{path}/record").status_code == 404


def test_a_rejected_command_says_why(served: Served) -> None:
    """The 202 only says that it is on the log; the operation says what was decided."""
    with served.client() as api:
        letters = [buried(api)["dead_letter_id"]]
        dry = api.post("/v1/dead-letters/redrive?dry_run=true", json={"letters": letters, "reason": "healed"})
        assert (dry.status_code, dry.json()["letters"], dry.json()["sample"]) == (200, 1, letters)
        answer = api.post("/v1/dead-letters/redrive", json={"letters": letters, "reason": "healed"})
        assert answer.status_code == 202, answer.text
        token = {"Muniment-Position": answer.json()["position"]}
        outcome = api.get(answer.headers["location"], headers=token).json()
        assert (outcome["outcome"], outcome["code"]) == ("rejected", "not_played")
