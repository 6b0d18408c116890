"""A project's state as JSON in its row, and back. Ids, numbers and states: nothing here is personal."""

import json
from typing import Any
from uuid import UUID

from muniment.stream_apps.projects.state import Draft, Episode, Standing, State


def to_json(state: State) -> str:
    """The state as stored; short names, for a project may have thousands of drafts."""
    return json.dumps(
        {
            "revision": state.revision,
            "archived": state.archived,
            "deleted": state.deleted,
            "documents": sorted(map(str, state.documents)),
            "order": list(map(str, state.order)),
            "episodes": {
                str(i): [e.revision, e.archived, _text(e.script), e.number] for i, e in state.episodes.items()
            },
            "drafts": {
                str(i): [str(d.episode_id), str(d.job_id), d.standing.name, list(map(str, d.sources)), d.committed]
                for i, d in state.drafts.items()
            },
        },
        separators=(",", ":"),
    )


def from_json(text: str) -> State:
    """The inverse of `to_json`."""
    raw: dict[str, Any] = json.loads(text)
    return State(
        revision=raw["revision"],
        archived=raw["archived"],
        deleted=raw["deleted"],
        documents=frozenset(map(UUID, raw["documents"])),
        order=tuple(map(UUID, raw["order"])),
        episodes={UUID(i): _episode(*e) for i, e in raw["episodes"].items()},
        drafts={UUID(i): _draft(*d) for i, d in raw["drafts"].items()},
    )


def _episode(revision: int, archived: bool, script: str | None, number: int) -> Episode:
    return Episode(revision, archived, UUID(script) if script else None, number)


def _draft(episode_id: str, job_id: str, standing: str, sources: list[str], committed: bool) -> Draft:
    return Draft(UUID(episode_id), UUID(job_id), Standing[standing], tuple(map(UUID, sources)), committed)


def _text(one: UUID | None) -> str | None:
    return str(one) if one else None
