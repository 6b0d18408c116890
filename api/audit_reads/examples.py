"""Examples of the OpenAPI document: the trail of the story that the others tell."""

import json
from typing import Any

from muniment.api.answers import DOCUMENT_ID, JOB_ID, MOMENT

ENTRY: dict[str, Any] = {
    "event_id": "01970f5e-6c1b-7c3e-8f57-5d1c9a2b7e77",
    "position": "muniment.audit:2:41",
    "at": MOMENT,
    "tenant": "acme",
    "actor": "key:3kd0s9f1l2ab",
    "action": "search",
    "kind": "",
    "entity": "",
    "outcome": "done",
    "status": 200,
    "reason": "",
    "network": "203.0.113.0/24",
    "agent": "browser",
    "query_mark": "7f83b1657ff1fc53b92dc18148a1d65dfc2d4b1fa3d677284addd200126d9069",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "correlation_id": "01970f5e-6c1b-7c3e-8f57-5d1c9a2b7e77",
    "documents": [{"document_id": DOCUMENT_ID, "version": 1, "chunks": [0, 3]}],
    "document_count": 1,
    "left_out": 0,
}
LINE = json.dumps(ENTRY, separators=(",", ":")) + "\n"
ANSWERS: dict[str, Any] = {"AuditTrail": {"items": [ENTRY], "next_cursor": None}}
PARAMETERS: dict[str, Any] = {
    "actor": "key:3kd0s9f1l2ab",
    "action": "document.*",
    "entity": DOCUMENT_ID,
    "outcome": "done",
    "correlation_id": JOB_ID,
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "network": "203.0.113.0/24",
    "address": "203.0.113.7",
    "query": "leave",
    "tenant": "both",
}
ELSEWHERE: dict[tuple[str, str], Any] = {
    ("/v1/audit", "kind"): "document",
    ("/v1/audit/export", "kind"): "document",
}
