"""A project's state after an event. Pure.

Decisions are applied once, by the store that keeps them; whatever is applied again changes nothing all the same. How
drafts end is said by others, at their own time: see `Standing`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar
from uuid import UUID

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
    DraftCancelled,
    DraftCommitted,
    DraftDiscarded,
    DraftErased,
    DraftFailed,
    DraftPrompted,
    DraftRefused,
    DraftRequested,
    DraftRevised,
    DraftWritten,
)
from muniment.stream_apps.projects.decider import Decision
from muniment.stream_apps.projects.state import Draft, Episode, Standing, State

Outcome = DraftPrompted | DraftWritten | DraftRefused | DraftFailed | DraftErased
"""How drafts come along, as those say who write and forget them."""
_STANDINGS = {
    DraftPrompted: Standing.PROMPTED,
    DraftWritten: Standing.WRITTEN,
    DraftRefused: Standing.REFUSED,
    DraftFailed: Standing.FAILED,
    DraftErased: Standing.ERASED,
    DraftCancelled: Standing.CANCELLING,
    DraftDiscarded: Standing.DISCARDED,
}
V = TypeVar("V")


def evolve(state: State, event: Decision | Outcome) -> State:  # noqa: C901, PLR0911 - one answer a case
    """The state after an event; one that was seen before, or is about what is gone, changes nothing."""
    if state.deleted:
        return state
    match event:
        case ProjectCommandRejected():
            return state
        case ProjectCreated():
            return state if state.revision else State(revision=event.revision)
        case ProjectDeleted():
            return State(revision=event.revision, deleted=True)
        case ProjectDocumentsChanged():
            return replace(state, documents=(state.documents - set(event.removed)) | set(event.added))
        case ProjectUpdated() | ProjectArchived():
            return _project(state, event)
        case EpisodeCreated():
            return _created(state, event)
        case EpisodeDeleted():
            return _deleted(state, event)
        case EpisodeUpdated() | EpisodeMoved() | EpisodeArchived() | DraftCommitted():
            return _episode(state, event)
        case DraftRequested() | DraftRevised():
            return _drafted(state, event)
        case _:
            return _stands(state, event)


def read_back(state: State, event: DraftCancelled) -> State:
    """The state once a cancellation was met on the log: what is said after it comes too late."""
    draft = state.drafts.get(event.draft_id)
    if draft is None or draft.standing > Standing.CANCELLING:
        return state
    return replace(state, drafts={**state.drafts, event.draft_id: replace(draft, standing=Standing.CANCELLED)})


def _project(state: State, event: ProjectUpdated | ProjectArchived) -> State:
    if event.revision <= state.revision:
        return state
    archived = event.archived if isinstance(event, ProjectArchived) else state.archived
    return replace(state, revision=event.revision, archived=archived)


def _created(state: State, event: EpisodeCreated) -> State:
    if event.episode_id in state.episodes:
        return state
    episodes = {**state.episodes, event.episode_id: Episode(event.revision)}
    return replace(state, episodes=episodes, order=event.order)


def _deleted(state: State, event: EpisodeDeleted) -> State:
    return replace(
        state,
        episodes=_without(state.episodes, [event.episode_id]),
        order=tuple(one for one in state.order if one != event.episode_id),
        drafts=_without(state.drafts, state.drafts_of(event.episode_id)),
    )


def _episode(state: State, event: EpisodeUpdated | EpisodeMoved | EpisodeArchived | DraftCommitted) -> State:
    episode = state.episodes.get(event.episode_id)
    if episode is None or event.revision <= episode.revision:
        return state
    after, order, drafts = replace(episode, revision=event.revision), state.order, state.drafts
    if isinstance(event, EpisodeArchived):
        after = replace(after, archived=event.archived)
    elif isinstance(event, EpisodeMoved):
        order = event.order
    elif isinstance(event, DraftCommitted):
        after = replace(after, script=event.draft_id, number=event.number)
        draft = state.drafts.get(event.draft_id)
        drafts = {**drafts, event.draft_id: replace(draft, committed=True)} if draft else drafts
    return replace(state, episodes={**state.episodes, event.episode_id: after}, order=order, drafts=drafts)


def _drafted(state: State, event: DraftRequested | DraftRevised) -> State:
    if event.draft_id in state.drafts or event.episode_id not in state.episodes:
        return state
    draft = Draft(event.episode_id, event.job_id)
    if isinstance(event, DraftRevised):
        # Whoever forgot a draft behind it has said so, or will say so, of this one, too.
        draft = replace(draft, standing=Standing.WRITTEN, sources=event.sources)
    return replace(state, drafts={**state.drafts, event.draft_id: draft})


def _stands(state: State, event: Outcome | DraftCancelled | DraftDiscarded) -> State:
    draft = state.drafts.get(event.draft_id)
    if draft is None:
        return state
    standing = max(draft.standing, _STANDINGS[type(event)])
    sources = draft.sources
    if isinstance(event, DraftPrompted) and draft.standing < Standing.WRITTEN:
        # The last prompt before the answer is the one that counts.
        sources = tuple(sorted({passage.document_id for passage in event.passages}))
    return replace(state, drafts={**state.drafts, event.draft_id: replace(draft, standing=standing, sources=sources)})


def _without(mapping: Mapping[UUID, V], keys: Iterable[UUID]) -> Mapping[UUID, V]:
    gone = set(keys)
    return {key: value for key, value in mapping.items() if key not in gone}
