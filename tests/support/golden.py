"""The committed record of every event, as a consumer of the topic gets it."""

import json
from importlib.resources import files

from muniment.schemas.event import Declaration
from muniment.schemas.record import Record


def golden_record(declared: Declaration) -> Record:
    """The record of a declaration's example."""
    text = (files("muniment.schemas") / "golden" / f"{declared.key}.json").read_text("utf-8")
    stored = json.loads(text)
    headers = tuple((name, text.encode()) for name, text in stored["headers"].items())
    return Record(
        declared.topic.name, stored["headers"]["ce_subject"].encode(), bytes.fromhex(stored["value"]), headers
    )
