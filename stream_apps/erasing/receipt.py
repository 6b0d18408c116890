"""The receipt of an erasure: what was asked, and what every store removed; canonical JSON, to be signed. Pure."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from muniment.stream_apps.erasing.decider import RETENTION
from muniment.stream_apps.erasing.store import Report, UnderWay

PURPOSE = "erasure-receipt"
"""What its signature is for: see `producers.signing`."""


def receipt(erasure: UnderWay, reports: Sequence[Report], installation: str, now: datetime) -> str:
    """The receipt, in the form of RFC 8785 (sorted names, no spaces, only text and whole numbers in it)."""
    return json.dumps(
        {
            "muniment": "erasure receipt v1",
            "installation": installation,
            "erasure_id": str(erasure.erasure_id),
            "tenant": erasure.tenant,
            "subject": erasure.subject,
            "documents": sorted(str(document) for document in erasure.documents),
            **_left(erasure),
            "reason": erasure.reason,
            "origin": erasure.origin,
            "requested_by": erasure.requested_by,
            "requested_at": _iso(erasure.requested_at),
            "confirmed_by": erasure.decided_by,
            "confirmed_at": _iso(erasure.decided_at),
            "keys_destroyed": erasure.keys,
            "stores": [
                {"store": one.store, "removed": one.removed, "kept": one.kept, "note": one.note, "at": _iso(one.at)}
                for one in reports
            ],
            "completed_at": _iso(now),
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )


def _left(erasure: UnderWay) -> dict[str, list[str]]:
    """What was named and left: retention's as it was changed meanwhile, others' as it is a project or a draft."""
    left = sorted(str(document) for document in set(erasure.document_ids) - set(erasure.documents))
    why = "documents_left_as_changed" if erasure.origin == RETENTION else "left_as_no_documents"
    return {why: left} if left else {}


def digest(text: str) -> str:
    """The SHA-256 of a receipt, as hex."""
    return sha256(text.encode()).hexdigest()


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
