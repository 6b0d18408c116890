"""Writes `first.jsonl`: the log of one document's life as today's codec writes it.

`python tests/history/record.py NAME` adds a new recording; one that is committed is never written again.
"""

import base64
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from muniment.schemas import codec, example
from muniment.schemas.catalogue import declarations
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata

HERE = Path(__file__).parent
KEY, nonce = example.KEY, example.nonce
DOCUMENT, SUBMIT, DELETE = (uuid5(NAMESPACE_OID, name) for name in ("document", "submit", "delete"))
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LIFE = (
    ("SubmitDocument", "api", SUBMIT),
    ("DocumentSubmitted", "deciding", SUBMIT),
    ("DocumentExtracted", "extracting", SUBMIT),
    ("ChunksPrepared", "chunking", SUBMIT),
    ("DocumentChunked", "chunking", SUBMIT),
    ("ChunksEmbedded", "embedding", SUBMIT),
    ("DocumentIndexed", "indexing", SUBMIT),
    ("DeleteDocument", "api", DELETE),
    ("DocumentDeleted", "deciding", DELETE),
    ("DocumentPurged", "purging", DELETE),
)
SAME: dict[str, Any] = {
    "version": 1,
    "batch": 0,
    "batches": 1,
    "chunks": 2,
    "first_ordinal": 0,
    "dimensions": 2,
    "vectors": bytes(8),
    "embedded": 2,
    "reused": 0,
    "jobs": (SUBMIT,),
}


def life() -> list[tuple[Event, Metadata]]:
    """One document: submitted, worked on, indexed, deleted, purged."""
    newest = {d.name: d for d in sorted(declarations(), key=lambda d: d.version)}
    out: list[tuple[Event, Metadata]] = []
    for place, (name, source, job) in enumerate(LIFE):
        event = example.example(newest[name])
        changes = {n: v for n, v in (SAME | {"document_id": DOCUMENT, "job_id": job}).items() if n in vars(event)}
        own = job if newest[name].command else uuid5(NAMESPACE_OID, f"{name}/{place}")
        cause: UUID = own if newest[name].command else out[-1][1].event_id
        time = START + timedelta(seconds=place)
        out.append((replace(event, **changes), Metadata(own, "acme", job, cause, time, f"muniment.{source}")))
    return out


def main(name: str) -> int:
    """Record under a new name."""
    path = HERE / f"{name}.jsonl"
    lines = []
    for event, meta in life():
        record = codec.encode(event, meta, KEY, nonce)
        headers = {k: v.decode() for k, v in record.headers}
        value = base64.b64encode(record.value).decode()
        row = {"topic": record.topic, "key": record.key.decode(), "headers": headers, "value": value}
        lines.append(json.dumps(row, ensure_ascii=False))
    with path.open("x", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
