"""What is decided about the episodes of a project. Pure."""

from collections.abc import Sequence
from uuid import UUID

from muniment.schemas.project_commands import (
    AT_THE_END,
    ArchiveEpisode,
    CreateEpisode,
    DeleteEpisode,
    MoveEpisode,
    UpdateEpisode,
)
from muniment.schemas.project_rejections import MOST_EPISODES, Rejection
from muniment.schemas.projects import EpisodeArchived, EpisodeCreated, EpisodeDeleted, EpisodeMoved, EpisodeUpdated
from muniment.stream_apps.projects.against import refused
from muniment.stream_apps.projects.state import Episode, State

Decision = EpisodeCreated | EpisodeUpdated | EpisodeMoved | EpisodeArchived | EpisodeDeleted


def created(command: CreateEpisode, state: State) -> Decision:
    """A new episode at its place."""
    refused(Rejection.ARCHIVED, if_=state.archived)
    refused(Rejection.ALREADY_EXISTS, if_=command.episode_id in state.episodes)
    refused(Rejection.TOO_MANY, if_=len(state.episodes) >= MOST_EPISODES)
    return EpisodeCreated(
        project_id=command.project_id,
        episode_id=command.episode_id,
        revision=1,
        title=command.title,
        brief=command.brief,
        order=placed(state.order, command.episode_id, command.position),
    )


def decided(
    command: UpdateEpisode | MoveEpisode | ArchiveEpisode | DeleteEpisode, state: State, episode: Episode
) -> Decision:
    """What becomes of an episode that is there, and has the revision that was asked for."""
    about = {"project_id": command.project_id, "episode_id": command.episode_id}
    revision = episode.revision + 1
    match command:
        case DeleteEpisode():
            refused(Rejection.ARCHIVED, if_=state.archived)
            drafts = state.drafts_of(command.episode_id)
            refused(Rejection.NOT_EMPTY, if_=not command.cascade and bool(drafts))
            return EpisodeDeleted(**about, revision=revision, drafts=drafts, reason=command.reason)
        case ArchiveEpisode():
            refused(Rejection.ARCHIVED, if_=state.archived)
            refused(Rejection.UNCHANGED, if_=command.archived == episode.archived)
            return EpisodeArchived(**about, revision=revision, archived=command.archived)
        case UpdateEpisode():
            refused(Rejection.ARCHIVED, if_=state.archived or episode.archived)
            refused(Rejection.UNCHANGED, if_=command.title is None and command.brief is None)
            return EpisodeUpdated(**about, revision=revision, title=command.title, brief=command.brief)
        case MoveEpisode():
            refused(Rejection.ARCHIVED, if_=state.archived)
            order = placed(state.order, command.episode_id, command.position)
            refused(Rejection.UNCHANGED, if_=order == state.order)
            return EpisodeMoved(**about, revision=revision, order=order)


def placed(order: Sequence[UUID], episode_id: UUID, position: int) -> tuple[UUID, ...]:
    """The order with an episode at a place, counted from 0 among the others; beyond them is at the end."""
    others = [other for other in order if other != episode_id]
    at = len(others) if position == AT_THE_END else min(max(position, 0), len(others))
    return (*others[:at], episode_id, *others[at:])
