"""Examples of the OpenAPI document: one story, told by every answer and parameter. A test holds each to its schema."""

from typing import Any

from muniment.api import data_keys
from muniment.api.answers import DOCUMENT_ID, JOB_ID, MOMENT, TOKEN
from muniment.api.audit_reads.examples import ANSWERS as AUDIT_ANSWERS
from muniment.api.audit_reads.examples import ELSEWHERE as AUDIT_ELSEWHERE
from muniment.api.audit_reads.examples import PARAMETERS as AUDIT_PARAMETERS
from muniment.api.erasures.examples import ANSWERS as ERASURE_ANSWERS
from muniment.api.erasures.examples import PARAMETERS as ERASURE_PARAMETERS
from muniment.api.models.examples import ANSWERS as MODEL_ANSWERS
from muniment.api.operation_reads.answers import LETTER, REDRIVE_ID
from muniment.api.operation_reads.examples import ANSWERS as OPERATION_ANSWERS
from muniment.api.operation_reads.examples import FINGERPRINT, OPERATION_ID
from muniment.api.project_reads.answers import ELSEWHERE as PROJECT_ELSEWHERE
from muniment.api.project_reads.answers import EXAMPLES as PROJECT_ANSWERS
from muniment.api.project_reads.answers import PARAMETERS as PROJECT_PARAMETERS
from muniment.api.proofs.examples import ANSWERS as PROOF_ANSWERS
from muniment.api.proofs.examples import ELSEWHERE as PROOF_ELSEWHERE
from muniment.api.proofs.examples import PARAMETERS as PROOF_PARAMETERS
from muniment.api.script_reads.examples import ANSWERS as SCRIPT_ANSWERS
from muniment.api.script_reads.examples import ELSEWHERE as SCRIPT_ELSEWHERE
from muniment.api.script_reads.examples import PARAMETERS as SCRIPT_PARAMETERS
from muniment.api.submissions.examples import METADATA, TEXT

LATER = "2026-11-22T10:15:31.870Z"
CURSOR = "WyIyMDI2LTExLTIyVDEwOjE1OjMwLjEyM1oiXQ"

DOCUMENT: dict[str, Any] = {
    "document_id": DOCUMENT_ID,
    "status": "indexed",
    "title": "Leave policy",
    "file_name": "leave.md",
    "media_type": "text/markdown",
    "metadata": METADATA,
    "active_version": 1,
    "latest_version": 1,
    "size_bytes": 4210,
    "characters": 4102,
    "pages": None,
    "chunks": 5,
    "job_id": JOB_ID,
    "created_at": MOMENT,
    "updated_at": LATER,
    "error": None,
}
VERSION: dict[str, Any] = {
    "version": 1,
    "status": "indexed",
    "active": True,
    "job_id": JOB_ID,
    "title": "Leave policy",
    "file_name": "leave.md",
    "media_type": "text/markdown",
    "size_bytes": 4210,
    "characters": 4102,
    "pages": None,
    "chunks": 5,
    "tokens": 981,
    "findings": {"email": 2},
    "submitted_at": MOMENT,
    "indexed_at": LATER,
    "error": None,
}
JOB: dict[str, Any] = {
    "job_id": JOB_ID,
    "document_id": DOCUMENT_ID,
    "kind": "submit",
    "version": 1,
    "state": "running",
    "ended": False,
    "outcome": None,
    "step": "embedding",
    "progress": {"done": 3, "total": 5, "unit": "chunks"},
    "attempts": 0,
    "retry_due_at": None,
    "queue_position": None,
    "submitted_at": MOMENT,
    "started_at": MOMENT,
    "ended_at": None,
    "chunks": 5,
    "tokens": 588,
    "cost_micros": 12,
    "error": None,
}
HIT: dict[str, Any] = {
    "document_id": DOCUMENT_ID,
    "version": 1,
    "ordinal": 0,
    "title": "Leave policy",
    "file_name": "leave.md",
    "media_type": "text/markdown",
    "page": None,
    "heading": "Leave",
    "start": 9,
    "end": 9 + len(TEXT),
    "text": TEXT,
    "highlights": [{"start": 16, "end": 20}, {"start": 24, "end": 29}],
    "scores": {
        "score": 0.0328,
        "vector_rank": 1,
        "text_rank": 1,
        "vector_score": 0.84,
        "text_score": 0.1,
        "coverage": 1.0,
    },
}
DEAD_LETTER: dict[str, Any] = {
    "dead_letter_id": LETTER,
    "status": "waiting",
    "document_id": DOCUMENT_ID,
    "job_id": JOB_ID,
    "step": "embedding",
    "code": "provider_rejected",
    "category": "permanent",
    "detail": "the endpoint answered 400",
    "attempts": 1,
    "origin": "muniment.chunks:3:42",
    "fingerprint": FINGERPRINT,
    "event": "ChunksPrepared",
    "program": "0.1.0",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "first_failed_at": MOMENT,
    "failed_at": MOMENT,
    "redrive_times": 0,
    "redriven_from": None,
    "redriven_by": None,
    "failed_as": None,
    "edits": 0,
    "actor": None,
    "reason": None,
    "changed_at": None,
}
HEALTH: dict[str, Any] = {
    "status": "ok",
    "version": "0.1.0",
    "uptime_s": 3601.2,
    "parts": {"database": {"status": "ok", "took_ms": 1.4, "facts": {"connections": 4, "idle": 4}}},
    "worker_system": {"enabled": True, "type": "faust", "workers": 1, "queue_length": 0},
    "memory": {"rss_mib": 148.0, "used_pct": 25.6},
    "cpu": {"user_s": 12.4, "system_s": 1.1, "cores": 2.0},
    "connections": {"open_files": 32, "sockets": 17},
    "projection_lag": {"chunks": 0, "dead_letters": 0, "documents": 0, "jobs": 0, "operations": 0},
    "operations": {
        "halted_steps": [],
        "open_breakers": [],
        "flags": {"durable_worker": True, "outbox": False},
        "dead_letters_waiting": 0,
    },
}

ANSWERS: dict[str, Any] = {
    "Document": DOCUMENT,
    "Documents": {"items": [DOCUMENT], "next_cursor": CURSOR},
    "Version": VERSION,
    "Versions": {"items": [VERSION]},
    "Job": JOB,
    "Jobs": {"items": [JOB], "next_cursor": None},
    "Found": {
        "query": "how many days of leave",
        "mode": "hybrid",
        "degraded": None,
        "model": "multilingual-e5-small",
        "took_ms": 21.8,
        "hits": [HIT],
        "next_cursor": None,
    },
    "DeadLetter": DEAD_LETTER,
    "DeadLetters": {"items": [DEAD_LETTER], "next_cursor": None},
    "WhoAmI": {"tenant": "default", "key_id": "0dk6m8a6ic4o", "scopes": ["documents:read", "search"]},
    "Health": {"status": "ok"},
    "DetailedHealth": HEALTH,
    "DataKeyAnswer": data_keys.EXAMPLE,
    **OPERATION_ANSWERS,
    **PROOF_ANSWERS,
    **MODEL_ANSWERS,
    **AUDIT_ANSWERS,
    **ERASURE_ANSWERS,
    **PROJECT_ANSWERS,
    **SCRIPT_ANSWERS,
    "ProblemKind": {
        "code": "not_found",
        "status": 404,
        "title": "There is no such thing",
        "what_to_do": "Check the id.",
    },
}
"""By the name of the schema."""

PARAMETERS: dict[str, Any] = {
    **AUDIT_PARAMETERS,
    **PROOF_PARAMETERS,
    **ERASURE_PARAMETERS,
    **PROJECT_PARAMETERS,
    **SCRIPT_PARAMETERS,
    "data_key_id": data_keys.KEY_ID,
    "document_id": DOCUMENT_ID,
    "job_id": JOB_ID,
    "dead_letter_id": LETTER,
    "redrive_id": REDRIVE_ID,
    "operation_id": OPERATION_ID,
    "flag": "outbox",
    "projection": "documents",
    "breaker": "embedding",
    "kind": "flag",
    "fingerprint": FINGERPRINT,
    "category": "permanent",
    "from": MOMENT,
    "to": LATER,
    "as_of": MOMENT,
    "dry_run": True,
    "lane": "bulk",
    "Last-Event-ID": "AdDrg5agNAIAAQNWAQED4AEA",
    "code": "provider_rejected",
    "step": "embedding",
    "status": "indexed",
    "state": "running",
    "media_type": "text/markdown",
    "title": "leave",
    "q": "leave",
    "mode": "hybrid",
    "k": 5,
    "limit": 50,
    "cursor": CURSOR,
    "metadata": ["project=handbook"],
    "created_from": "2026-11-01T00:00:00Z",
    "created_to": "2026-12-01T00:00:00Z",
    "version": 1,
    "reason": "deleted on request",
    "position": TOKEN,
    "Muniment-Position": TOKEN,
    "wait": 5,
}
"""By the name of the parameter; those that take several are given as a list."""
ELSEWHERE: dict[tuple[str, str], Any] = {
    **AUDIT_ELSEWHERE,
    **PROOF_ELSEWHERE,
    **SCRIPT_ELSEWHERE,
    **PROJECT_ELSEWHERE,
    ("/v1/dead-letters", "status"): "waiting",
    ("/v1/dead-letters/groups", "status"): "waiting",
}
"""Where a name means something else at a path."""


def add_to(document: dict[str, Any]) -> None:
    """Put the examples into an OpenAPI document, where it has none of its own."""
    schemas = document["components"]["schemas"]
    for name, example in ANSWERS.items():
        schemas[name].setdefault("examples", [example])
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                name = parameter["name"]
                _exemplify(parameter, ELSEWHERE.get((path, name), PARAMETERS[name]))


def _exemplify(parameter: dict[str, Any], example: Any) -> None:
    kinds = {kind.get("type") for kind in (parameter["schema"], *parameter["schema"].get("anyOf", ()))}
    if "array" in kinds and not isinstance(example, list):
        example = [example]
    # FastAPI writes those that a route gives as a list, which only a schema may hold.
    parameter["schema"].pop("examples", None)
    parameter["example"] = example
