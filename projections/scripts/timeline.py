"""Drafts and the versions of scripts with the moments between which they were true, pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from muniment.projections.ranged import Past, Rows, followed
from muniment.projections.rows import storable
from muniment.projections.scripts.evolve import Said, deleted, evolve
from muniment.projections.scripts.state import Commit, Head, Script
from muniment.projections.validity import Moment
from muniment.schemas.codec import Envelope
from muniment.schemas.projects import EpisodeDeleted, ProjectDeleted
from muniment.schemas.record import Position
from muniment.schemas.scripts import DraftCommitted, DraftRevised

Key = tuple[str, UUID]
"""Tenant and draft, or project."""
CommitKey = tuple[str, UUID, int]
"""Tenant, episode, and number."""


@dataclass(slots=True)
class Known:
    """What a batch can touch: drafts, versions of scripts, and how far their projects are folded."""

    scripts: dict[Key, Script] = field(default_factory=dict)
    commits: dict[CommitKey, Commit] = field(default_factory=dict)
    heads: dict[Key, Head] = field(default_factory=dict)

    def copy(self) -> "Known":
        """Another one that says the same."""
        return Known(dict(self.scripts), dict(self.commits), dict(self.heads))


def folded(known: Known, items: Iterable[Envelope]) -> tuple[Known, list[Past]]:
    """What is known after facts in the order of the log, and the rows that these ended.

    A project is one order: none of its facts counts as earlier than the one before it, whatever the clocks said. What
    was folded before changes nothing.
    """
    after, past = known.copy(), list[Past]()
    for item in items:
        moment = _next(after, item)
        if moment is not None:
            past += _fold(after, item, moment)
    return after, past


def rows_of(script: Script | None) -> dict[tuple[Any, ...], Any]:
    """The rows of a draft by what names them."""
    if script is None:
        return {}
    rows: dict[tuple[Any, ...], Any] = {("draft",): script.draft}
    rows |= {("passages", one.number): one for one in script.passages}
    rows |= {("citations", one.place): one for one in script.citations}
    rows |= {("sources", one.document_id, one.version): one for one in script.sources}
    return rows | {("charges", one.attempt): one for one in script.charges}


def project_of(item: Envelope) -> Key:
    """Whose project an event is about, and which."""
    project_id: UUID = getattr(item.event, "project_id")  # noqa: B009 - each of them has one, their base has not
    return item.meta.tenant, project_id


def draft_of(item: Envelope) -> Key:
    """Whose draft an event is about, and which."""
    draft_id: UUID = getattr(item.event, "draft_id")  # noqa: B009 - as above
    return item.meta.tenant, draft_id


def _next(known: Known, item: Envelope) -> Moment | None:
    """When a fact counts, which is noted; `None` for one that was folded before."""
    key, record = project_of(item), item.record
    head, partition, offset = known.heads.get(key), record.partition or 0, record.offset or 0
    if head is not None and head.partition == partition and offset <= head.reached:
        return None
    moment = Moment.of(record, item.meta.time).not_before(head.ordered_at if head else None)
    known.heads[key] = Head(*key, partition, offset, moment.at)
    return moment


def _fold(known: Known, item: Envelope, moment: Moment) -> list[Past]:
    event, tenant = item.event, item.meta.tenant
    if isinstance(event, DraftCommitted):
        commit = _commit(item, event)
        name = tenant, event.episode_id, event.number
        # Said twice, the first counts.
        rows, _ = followed({}, {name: known.commits.get(name, commit)}, moment)
        known.commits = {**rows, **known.commits}
        return []
    if isinstance(event, EpisodeDeleted | ProjectDeleted):
        return _gone(known, tenant, event, moment)
    key = draft_of(item)
    before = known.scripts.get(key)
    parent = known.scripts.get((tenant, event.based_on)) if isinstance(event, DraftRevised) else None
    after = evolve(before, event, said_of(item), parent)
    return [] if after is None else _told(known, key, after, moment)


def _told(known: Known, key: Key, after: Script, moment: Moment) -> list[Past]:
    rows, ended = followed(rows_of(known.scripts.get(key)), rows_of(after), moment)
    known.scripts[key] = _script(rows)
    return ended


def _gone(known: Known, tenant: str, event: EpisodeDeleted | ProjectDeleted, moment: Moment) -> list[Past]:
    """The drafts and versions that go with an episode or a project."""
    past = list[Past]()
    for draft_id in event.drafts:
        if (script := known.scripts.get((tenant, draft_id))) is not None:
            past += _told(known, (tenant, draft_id), deleted(script), moment)
    left = {name: row for name, row in known.commits.items() if not _goes(row, tenant, event)}
    _, ended = followed(known.commits, left, moment)
    known.commits = left
    return past + ended


def _goes(row: Commit, tenant: str, event: EpisodeDeleted | ProjectDeleted) -> bool:
    if row.tenant != tenant or row.project_id != event.project_id:
        return False
    return isinstance(event, ProjectDeleted) or row.episode_id == event.episode_id


def _script(rows: Rows) -> Script:
    def part(name: str) -> Sequence[Any]:
        return [rows[key] for key in sorted((key for key in rows if key[0] == name), key=lambda key: key[1:])]

    hanging = (tuple(part(name)) for name in ("passages", "citations", "sources", "charges"))
    return Script(rows["draft",], *hanging)


def said_of(item: Envelope) -> Said:
    """What a record says of itself."""
    record = item.record
    place = Position(record.topic, record.partition or 0, record.offset or 0)
    return Said(item.meta.tenant, item.meta.time, item.meta.actor, str(place))


def _commit(item: Envelope, event: DraftCommitted) -> Commit:
    said = said_of(item)
    return Commit(
        said.tenant,
        event.project_id,
        event.episode_id,
        event.number,
        event.draft_id,
        event.revision,
        storable(said.actor),
        said.at,
        said.place,
    )
