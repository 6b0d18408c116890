"""A decider's state as JSON in its row, and back. Digests only: nothing here is personal."""

import hashlib
import json
from typing import Any
from uuid import UUID

from muniment.schemas.commands import SubmitDocument
from muniment.schemas.documents import DocumentFetched
from muniment.schemas.personal import Redaction, shown
from muniment.stream_apps.deciding.state import Content, State


def to_json(state: State) -> str:
    """The state as stored."""
    return json.dumps(
        {
            "latest": state.latest,
            "active": state.active,
            "content": _pair(state.content),
            "pending": {str(v): _pair(c) for v, c in state.pending.items()},
            "jobs": [str(j) for j in state.jobs],
            "deleted": state.deleted,
            "bringing": {str(j): v for j, v in state.bringing.items()},
            "fetching": {str(j): o for j, o in state.fetching.items()},
            "doomed": sorted(str(j) for j in state.doomed),
            "cancelled": sorted(state.cancelled),
            "offset": state.offset,
        }
    )


def from_json(text: str) -> State:
    """The inverse of `to_json`; what an older program did not know of is as at the beginning."""
    raw: dict[str, Any] = json.loads(text)
    return State(
        latest=raw["latest"],
        active=raw["active"],
        content=Content(*raw["content"]) if raw["content"] else None,
        pending={int(v): Content(*c) for v, c in raw["pending"].items()},
        jobs=tuple(UUID(j) for j in raw["jobs"]),
        deleted=raw["deleted"],
        bringing={UUID(j): v for j, v in raw.get("bringing", {}).items()},
        fetching={UUID(j): o for j, o in raw.get("fetching", {}).items()},
        doomed=frozenset(UUID(j) for j in raw.get("doomed", ())),
        cancelled=frozenset(raw.get("cancelled", ())),
        offset=raw.get("offset", -1),
    )


def _pair(content: Content | None) -> list[str] | None:
    return [content.blob, content.description] if content else None


def description_of(command: SubmitDocument | DocumentFetched) -> str:
    """A digest of what a submission is called and labelled: enough to see that it changed."""
    metadata = {} if isinstance(command.metadata, Redaction) else dict(command.metadata)
    title = shown(command.title) if command.title is not None else None
    text = json.dumps([shown(command.file_name), title, sorted(metadata.items())], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
