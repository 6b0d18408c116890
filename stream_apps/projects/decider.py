"""What commands about a project, its episodes and its drafts lead to. Pure."""

from uuid import UUID

from muniment.schemas.project_commands import (
    ANY_REVISION,
    ArchiveEpisode,
    ArchiveProject,
    ChangeProjectDocuments,
    CreateEpisode,
    CreateProject,
    DeleteEpisode,
    DeleteProject,
    MoveEpisode,
    UpdateEpisode,
    UpdateProject,
)
from muniment.schemas.project_rejections import Rejection
from muniment.schemas.projects import ProjectCommandRejected
from muniment.schemas.script_commands import CancelDraft, CommitDraft, DiscardDraft, GenerateDraft, ReviseDraft
from muniment.stream_apps.projects import of_drafts, of_episodes, of_projects
from muniment.stream_apps.projects.against import Against, refused
from muniment.stream_apps.projects.state import Asked, State

ProjectCommand = CreateProject | UpdateProject | ArchiveProject | DeleteProject | ChangeProjectDocuments
EpisodeCommand = CreateEpisode | UpdateEpisode | MoveEpisode | ArchiveEpisode | DeleteEpisode
DraftCommand = GenerateDraft | ReviseDraft | CommitDraft | DiscardDraft | CancelDraft
Command = ProjectCommand | EpisodeCommand | DraftCommand
Decision = of_projects.Decision | of_episodes.Decision | of_drafts.Decision | ProjectCommandRejected


def decide(command: Command, state: State, asked: Asked) -> tuple[Decision, ...]:
    """The facts that a command leads to; one, as it is today."""
    try:
        refused(Rejection.ERASED, if_=asked.unreadable)
        return (_decided(command, state, asked),)
    except Against as against:
        return (
            ProjectCommandRejected(
                project_id=command.project_id,
                job_id=asked.job_id,
                command=command.declaration.name,
                code=against.code,
                revision=_revision(command, state),
            ),
        )


def _decided(command: Command, state: State, asked: Asked) -> Decision:
    if isinstance(command, CreateProject):
        return of_projects.created(command, state)
    if not state.is_there:
        raise Against(Rejection.NOT_FOUND)
    if isinstance(command, ProjectCommand):
        _unmoved(command, state.revision)
        return of_projects.decided(command, state)
    if isinstance(command, CreateEpisode):
        return of_episodes.created(command, state)
    episode = state.episodes.get(command.episode_id)
    if episode is None:
        raise Against(Rejection.NOT_FOUND)
    _unmoved(command, episode.revision)
    if isinstance(command, EpisodeCommand):
        return of_episodes.decided(command, state, episode)
    return of_drafts.decided(command, state, episode, asked)


def _unmoved(command: Command, revision: int) -> None:
    wanted = getattr(command, "if_revision", ANY_REVISION)
    if wanted not in {ANY_REVISION, revision}:
        raise Against(Rejection.REVISION_MISMATCH)


def _revision(command: Command, state: State) -> int:
    """What the project or episode that a command is about has; 0 where there is none."""
    if not state.is_there:
        return 0
    episode_id: UUID | None = getattr(command, "episode_id", None)
    if episode_id is None:
        return state.revision
    episode = state.episodes.get(episode_id)
    return episode.revision if episode else 0
