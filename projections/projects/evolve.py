"""The fold of one project, pure.

Everything about a project lies in one partition, so it comes in the order of the log. Of one that was deleted no later
fact brings anything back. What is decided about drafts only changes when something of the project was changed last.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.projections.changed import changed
from muniment.projections.projects.state import EpisodeRow, MemberRow, OrderRow, Project, ProjectRow
from muniment.projections.rows import shown_text, storable
from muniment.schemas.event import Event
from muniment.schemas.projects import (
    EpisodeArchived,
    EpisodeCreated,
    EpisodeDeleted,
    EpisodeMoved,
    EpisodeUpdated,
    ProjectArchived,
    ProjectCommandRejected,
    ProjectCreated,
    ProjectDeleted,
    ProjectDocumentsChanged,
    ProjectUpdated,
)
from muniment.schemas.scripts import (
    CitationsChecked,
    DraftCommitted,
    DraftErased,
    DraftFailed,
    DraftPrompted,
    DraftRefused,
    DraftWritten,
)

SAID_OF_DRAFTS = (DraftPrompted, DraftWritten, DraftRefused, DraftFailed, DraftErased, CitationsChecked)
"""What nobody decided: it is only told."""
_CHANGE_NOTHING = (ProjectCommandRejected, *SAID_OF_DRAFTS)


def evolve(project: Project, event: Event, tenant: str, at: datetime, actor: str) -> Project:
    """The project after what was said of it."""
    if isinstance(event, ProjectCreated):
        return project if project.head else _created(event, storable(tenant), at, storable(actor))
    if project.head is None or project.head.deleted_at is not None or isinstance(event, _CHANGE_NOTHING):
        return project
    if isinstance(event, ProjectDeleted):
        return _deleted(project.head, event, at)
    told = _told(project, project.head, event, at, storable(actor))
    assert told.head is not None, "only a deletion ends a project"
    return changed(told, head=changed(told.head, updated_at=at))


def _created(event: ProjectCreated, tenant: str, at: datetime, actor: str) -> Project:
    head = ProjectRow(
        tenant,
        event.project_id,
        title=shown_text(event.title),
        description=shown_text(event.description),
        revision=event.revision,
        archived=False,
        documents=0,
        episodes=0,
        created_by=actor,
        created_at=at,
        updated_at=at,
    )
    return Project(head, OrderRow(tenant, event.project_id, ()))


def _deleted(head: ProjectRow, event: ProjectDeleted, at: datetime) -> Project:
    """That it was, and nothing of what it said."""
    nothing: dict[str, Any] = {"title": None, "description": None, "documents": 0, "episodes": 0}
    return Project(changed(head, **nothing, revision=event.revision, updated_at=at, deleted_at=at))


def _told(  # noqa: PLR0911 - one answer an event
    project: Project, head: ProjectRow, event: Event, at: datetime, actor: str
) -> Project:
    match event:
        case ProjectUpdated():
            said = {"title": shown_text(event.title), "description": shown_text(event.description)}
            return changed(project, head=changed(head, revision=event.revision, **_given(said)))
        case ProjectArchived():
            return changed(project, head=changed(head, revision=event.revision, archived=event.archived))
        case ProjectDocumentsChanged():
            return _with_documents(project, head, event, at)
        case EpisodeCreated():
            return _ordered(_begun(project, head, event, at, actor), event.order)
        case EpisodeDeleted():
            left = {one: row for one, row in project.episodes.items() if one != event.episode_id}
            order = project.order.episode_order if project.order else ()
            return _ordered(changed(project, episodes=left), tuple(one for one in order if one != event.episode_id))
        case EpisodeMoved():
            return _ordered(_changed(project, event, at), event.order)
        case EpisodeUpdated() | EpisodeArchived() | DraftCommitted():
            return _changed(project, event, at)
        case _:
            return project


def _with_documents(project: Project, head: ProjectRow, event: ProjectDocumentsChanged, at: datetime) -> Project:
    members = dict(project.members)
    for one in event.added:
        members.setdefault(one, MemberRow(head.tenant, head.project_id, one, at))
    for one in event.removed:
        members.pop(one, None)
    # Those that no fact names are not at hand, and stay as they are.
    documents = head.documents + len(members) - len(project.members)
    return changed(project, members=members, head=changed(head, documents=documents))


def _begun(project: Project, head: ProjectRow, event: EpisodeCreated, at: datetime, actor: str) -> Project:
    made = EpisodeRow(
        head.tenant,
        head.project_id,
        event.episode_id,
        title=shown_text(event.title) or "",
        brief=shown_text(event.brief) or "",
        revision=event.revision,
        archived=False,
        script=None,
        number=0,
        created_by=actor,
        created_at=at,
        updated_at=at,
    )
    return changed(project, episodes={event.episode_id: made, **project.episodes})


def _ordered(project: Project, order: tuple[UUID, ...]) -> Project:
    assert project.head is not None, "an order is of a project"
    row = OrderRow(project.head.tenant, project.head.project_id, order)
    return changed(project, order=row, head=changed(project.head, episodes=len(order)))


def _changed(
    project: Project, event: EpisodeUpdated | EpisodeMoved | EpisodeArchived | DraftCommitted, at: datetime
) -> Project:
    known = project.episodes.get(event.episode_id)
    if known is None:
        return project
    said: dict[str, Any] = {}
    if isinstance(event, EpisodeUpdated):
        said = _given({"title": shown_text(event.title), "brief": shown_text(event.brief)})
    elif isinstance(event, EpisodeArchived):
        said = {"archived": event.archived}
    elif isinstance(event, DraftCommitted):
        said = {"script": event.draft_id, "number": event.number}
    row = changed(known, revision=event.revision, updated_at=at, **said)
    return changed(project, episodes={**project.episodes, event.episode_id: row})


def _given(said: dict[str, str | None]) -> dict[str, str]:
    return {name: text for name, text in said.items() if text is not None}
