"""A project with the moments between which its rows were true, pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from muniment.projections.changed import changed
from muniment.projections.projects.evolve import evolve
from muniment.projections.projects.state import Project
from muniment.projections.ranged import Past, followed
from muniment.projections.validity import Moment
from muniment.schemas.codec import Envelope
from muniment.schemas.event import Event
from muniment.schemas.projects import ProjectDeleted, ProjectDocumentsChanged


def folded(project: Project, items: Sequence[Envelope]) -> tuple[Project, list[Past]]:
    """The project after what was said of it, in the order of the log, and the rows that this ended.

    No fact counts as earlier than the one before it, whatever the clocks said.
    """
    past = list[Past]()
    for item in items:
        meta = item.meta
        latest = project.head.ordered_at if project.head else None
        moment = Moment.of(item.record, meta.time).not_before(latest)
        after = evolve(project, item.event, meta.tenant, meta.time, meta.actor)
        if after is not project:
            # A project may have thousands of documents: those that the fact does not name are not looked at.
            named = None if isinstance(item.event, ProjectDeleted) else _named(item.event)
            rows, ended = followed(rows_of(project, named), rows_of(after, named), moment)
            project = _stamped(after, rows)
            past += ended
        project = _noted(project, moment)
    return project, past


def rows_of(project: Project, named: Collection[UUID] | None = None) -> dict[tuple[Any, ...], Any]:
    """Its rows by what names them: of episodes and documents those that are named, all without names."""
    heads = {"head": project.head, "order": project.order}
    rows: dict[tuple[Any, ...], Any] = {(part,): row for part, row in heads.items() if row is not None}
    inside: dict[str, Mapping[UUID, Any]] = {"episodes": project.episodes, "members": project.members}
    for part, known in inside.items():
        ids = known if named is None else [one for one in named if one in known]
        rows |= {(part, one): known[one] for one in ids}
    return rows


def _named(event: Event) -> list[UUID]:
    """The episode, or the documents, that a fact is about."""
    if isinstance(event, ProjectDocumentsChanged):
        return [*event.added, *event.removed]
    episode_id: UUID | None = getattr(event, "episode_id", None)
    return [episode_id] if episode_id else []


def _stamped(project: Project, rows: Mapping[tuple[Any, ...], Any]) -> Project:
    """The project with these rows in place of its own of the same names."""
    inside = {part: {key[1]: row for key, row in rows.items() if key[0] == part} for part in ("episodes", "members")}
    return changed(
        project,
        head=rows.get(("head",)),
        order=rows.get(("order",)),
        episodes={**project.episodes, **inside["episodes"]} if inside["episodes"] else project.episodes,
        members={**project.members, **inside["members"]} if inside["members"] else project.members,
    )


def _noted(project: Project, moment: Moment) -> Project:
    if project.head is None or project.head.ordered_at == moment.at:
        return project
    return changed(project, head=changed(project.head, ordered_at=moment.at))
