"""What is decided about a project itself. Pure."""

from muniment.schemas.project_commands import (
    ArchiveProject,
    ChangeProjectDocuments,
    CreateProject,
    DeleteProject,
    UpdateProject,
)
from muniment.schemas.project_rejections import MOST_IN_PROJECT, Rejection
from muniment.schemas.projects import (
    ProjectArchived,
    ProjectCreated,
    ProjectDeleted,
    ProjectDocumentsChanged,
    ProjectUpdated,
)
from muniment.stream_apps.projects.against import refused
from muniment.stream_apps.projects.state import State

Decision = ProjectCreated | ProjectUpdated | ProjectArchived | ProjectDeleted | ProjectDocumentsChanged


def created(command: CreateProject, state: State) -> Decision:
    """A new project; an id is taken once, also by one that is deleted."""
    refused(Rejection.ALREADY_EXISTS, if_=state.revision > 0)
    return ProjectCreated(
        project_id=command.project_id, revision=1, title=command.title, description=command.description
    )


def decided(command: UpdateProject | ArchiveProject | DeleteProject | ChangeProjectDocuments, state: State) -> Decision:
    """What becomes of a project that is there, and has the revision that was asked for."""
    match command:
        case ArchiveProject():
            refused(Rejection.UNCHANGED, if_=command.archived == state.archived)
            return ProjectArchived(
                project_id=command.project_id, revision=state.revision + 1, archived=command.archived
            )
        case DeleteProject():
            refused(Rejection.NOT_EMPTY, if_=not command.cascade and bool(state.episodes or state.drafts))
            return ProjectDeleted(
                project_id=command.project_id,
                revision=state.revision + 1,
                episodes=state.order,
                drafts=tuple(state.drafts),
                reason=command.reason,
            )
        case UpdateProject():
            refused(Rejection.ARCHIVED, if_=state.archived)
            refused(Rejection.UNCHANGED, if_=command.title is None and command.description is None)
            return ProjectUpdated(
                project_id=command.project_id,
                revision=state.revision + 1,
                title=command.title,
                description=command.description,
            )
        case ChangeProjectDocuments():
            return _documents(command, state)


def _documents(command: ChangeProjectDocuments, state: State) -> Decision:
    """Only what changes is named. The revision stays: an import does not turn away whoever edits the title."""
    refused(Rejection.ARCHIVED, if_=state.archived)
    removed = tuple(d for d in dict.fromkeys(command.removed) if d in state.documents)
    left = state.documents - set(removed)
    # What is named on both sides goes in.
    added = tuple(d for d in dict.fromkeys(command.added) if d not in left)
    both = set(added) & set(removed)
    added, removed = tuple(d for d in added if d not in both), tuple(d for d in removed if d not in both)
    refused(Rejection.UNCHANGED, if_=not added and not removed)
    after = len(state.documents) + len(added) - len(removed)
    refused(Rejection.TOO_MANY, if_=bool(added) and after > MOST_IN_PROJECT)
    return ProjectDocumentsChanged(project_id=command.project_id, revision=state.revision, added=added, removed=removed)
