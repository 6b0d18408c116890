"""Golden logs: a record of every version of every event that was ever committed, and recordings of whole lives."""

import base64
import json
from pathlib import Path

from muniment.schemas import export
from muniment.schemas.event import REGISTRY
from muniment.schemas.record import Record

GOLDEN: Path = export.GOLDEN
KEYS = sorted(path.stem for path in GOLDEN.glob("*.json"))
"""`Name.vN`, by the files."""


def record(key: str, offset: int = 0) -> Record:
    """The record as it came from the broker; its key is what it is about."""
    kept = json.loads((GOLDEN / f"{key}.json").read_text("utf-8"))
    headers = tuple((name, value.encode()) for name, value in kept["headers"].items())
    subject = kept["headers"]["ce_subject"].encode()
    return Record(
        REGISTRY[key].topic.name, subject, bytes.fromhex(kept["value"]), headers, 0, offset, 1_767_323_045_678
    )


RECORDINGS = sorted((Path(__file__).parents[1] / "history").glob("*.jsonl"))


def recorded(path: Path) -> list[Record]:
    """A recording as it came from the broker."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        Record(
            row["topic"],
            row["key"].encode(),
            base64.b64decode(row["value"]),
            tuple((k, v.encode()) for k, v in row["headers"].items()),
            0,
            offset,
            0,
        )
        for offset, row in enumerate(rows)
    ]
