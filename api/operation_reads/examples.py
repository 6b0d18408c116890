"""Examples of answers about the running of Muniment: the same story as in `examples`, seen by its operator."""

from typing import Any

from muniment.api.answers import DOCUMENT_ID, MOMENT, TOKEN
from muniment.api.operation_reads.answers import LETTER, REDRIVE_ID

OPERATION_ID = "01970f60-0a3e-7f55-8d0c-6b1f2e9c4d17"
ACTOR = "key:0dk6m8a6ic4o"
FINGERPRINT = "9c2f6b1d0e7a4835"
REASON = "the endpoint takes long inputs again"

OPERATION: dict[str, Any] = {
    "kind": "flag",
    "about": "outbox",
    "actor": ACTOR,
    "at": MOMENT,
    "reason": "Kafka is being moved",
    "operation_id": OPERATION_ID,
    "details": {"flag": "outbox", "value": True},
}
GROUP: dict[str, Any] = {
    "fingerprint": FINGERPRINT,
    "step": "embedding",
    "code": "provider_rejected",
    "category": "permanent",
    "detail": "the endpoint answered 400",
    "letters": 15,
    "by_status": {"waiting": 12, "redriven": 3},
    "first_seen": MOMENT,
    "last_seen": MOMENT,
    "sample": LETTER,
    "programs": ["0.1.0"],
    "gone_since_version": None,
}
REDRIVE: dict[str, Any] = {
    "redrive_id": REDRIVE_ID,
    "state": "running",
    "letters": 12,
    "redriven": 3,
    "failed": 0,
    "left": 9,
    "rate": 5.0,
    "canary": 1,
    "selection": {"fingerprint": FINGERPRINT},
    "reason": REASON,
    "actor": ACTOR,
    "started_at": MOMENT,
    "last_at": MOMENT,
    "ended_at": None,
    "ended_reason": None,
}
FLAG: dict[str, Any] = {
    "name": "outbox",
    "value": True,
    "default": False,
    "meaning": "While Kafka is away the API accepts commands into Postgres and sends them on in order later.",
    "changed_at": MOMENT,
    "actor": ACTOR,
    "reason": "Kafka is being moved",
}
CHANGE: dict[str, Any] = {"value": True, "at": MOMENT, "actor": ACTOR, "reason": "Kafka is being moved"}
STEP: dict[str, Any] = {
    "name": "embedding",
    "state": "halted",
    "since": MOMENT,
    "actor": "",
    "reason": "9 of the last 10 records were buried",
    "code": "provider_rejected",
    "dead": 9,
    "settled": 10,
    "lag": 120,
    "waits": None,
}
BREAKER: dict[str, Any] = {
    "name": "embedding",
    "state": "open",
    "since": MOMENT,
    "retry_at": MOMENT,
    "failures": 5,
    "code": "provider_unavailable",
    "by": None,
    "reason": None,
    "actor": None,
}
SELECTED: dict[str, Any] = {
    "fingerprint": FINGERPRINT,
    "step": "embedding",
    "code": "provider_rejected",
    "letters": 12,
}

ANSWERS: dict[str, Any] = {
    "Ordered": {"operation_id": OPERATION_ID, "position": TOKEN},
    "Operation": OPERATION,
    "Operations": {"items": [OPERATION], "next_cursor": None},
    "Outcome": {
        "operation_id": OPERATION_ID,
        "outcome": "accepted",
        "code": None,
        "reason": None,
        "redrive_id": None,
        "events": [OPERATION],
    },
    "DeadLetterGroup": GROUP,
    "DeadLetterGroups": {"items": [GROUP]},
    "DryRun": {"letters": 12, "groups": [SELECTED], "sample": [LETTER], "left_out": []},
    "Redrive": REDRIVE,
    "Redrives": {"items": [REDRIVE], "next_cursor": None},
    "Flags": {"items": [FLAG]},
    "FlagHistory": {**FLAG, "history": [CHANGE]},
    "Steps": {"items": [STEP]},
    "Breakers": {"items": [BREAKER]},
    "LetterRecord": {
        "dead_letter_id": LETTER,
        "event": "DocumentSubmitted.v1",
        "document_id": DOCUMENT_ID,
        "data": {"version": 1, "title": "Leave policy"},
        "redacted": [],
    },
}
"""By the name of the schema."""
