"""Examples of erasures in the OpenAPI document: a person's two documents, erased after a letter."""

from typing import Any

from muniment.api.answers import DOCUMENT_ID, MOMENT, TOKEN
from muniment.api.erasures.answers import ERASURE_ID

_HASH = "9f2c1d7be8a04a53c1f0d6e2b7a98c3d4e5f60718293a4b5c6d7e8f901234567"
_STORE: dict[str, Any] = {"store": "search texts", "removed": 12, "kept": 0, "note": "", "at": MOMENT}
_SUMMARY: dict[str, Any] = {
    "erasure_id": ERASURE_ID,
    "status": "completed",
    "subject": _HASH,
    "document_ids": [],
    "reason": "asked by letter",
    "origin": "request",
    "requested_by": "key:7Qm2",
    "requested_at": MOMENT,
    "needs_confirmation": False,
    "decided_by": "key:9Zx4",
    "decided_at": MOMENT,
    "decided_reason": "letter seen",
    "documents": [DOCUMENT_ID],
    "keys_destroyed": 1,
    "keys_destroyed_at": MOMENT,
    "completed_at": MOMENT,
    "receipt_hash": _HASH,
}
_REFUSAL: dict[str, Any] = {
    "command": "ConfirmErasure",
    "code": "confirmed_by_requester",
    "reason": "somebody else than the one who asked has to confirm it",
    "actor": "key:7Qm2",
    "at": MOMENT,
}
_SCRIPT: dict[str, Any] = {
    "project_id": ERASURE_ID,
    "episode_id": ERASURE_ID,
    "title": "The harbour in winter",
    "draft_id": DOCUMENT_ID,
    "number": 3,
    "current": True,
}
ANSWERS: dict[str, Any] = {
    "ScriptLost": _SCRIPT,
    "ErasurePreview": {"documents": [DOCUMENT_ID], "drafts": [DOCUMENT_ID], "scripts": [_SCRIPT]},
    "ErasureOrdered": {"erasure_id": ERASURE_ID, "position": TOKEN},
    "StoreReport": _STORE,
    "Refusal": _REFUSAL,
    "ErasureSummary": _SUMMARY,
    "ErasureAnswer": {**_SUMMARY, "stores": [_STORE], "refusals": [_REFUSAL]},
    "ErasureList": {"items": [_SUMMARY]},
    "ReceiptAnswer": {
        "erasure_id": ERASURE_ID,
        "text": '{"erasure_id":"' + ERASURE_ID + '"}',
        "sha256": _HASH,
        "key_id": "1f0c2b7a9d3e4f56",
        "signature": "bm90IGEgcmVhbCBvbmU=",
        "purpose": "erasure-receipt",
        "receipt": {"erasure_id": ERASURE_ID},
    },
}
PARAMETERS: dict[str, Any] = {"erasure_id": ERASURE_ID, "subject": "person-4711"}
