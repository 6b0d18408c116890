"""What is decided about the drafts of an episode. Pure."""

from muniment.schemas.project_rejections import MOST_IN_PROJECT, Rejection
from muniment.schemas.script_commands import CancelDraft, CommitDraft, DiscardDraft, GenerateDraft, ReviseDraft
from muniment.schemas.scripts import DraftCancelled, DraftCommitted, DraftDiscarded, DraftRequested, DraftRevised
from muniment.stream_apps.projects.against import Against, refused
from muniment.stream_apps.projects.state import UNDER_WAY, UNFINISHED, Asked, Draft, Episode, Standing, State

Decision = DraftRequested | DraftRevised | DraftCommitted | DraftDiscarded | DraftCancelled


def decided(
    command: GenerateDraft | ReviseDraft | CommitDraft | DiscardDraft | CancelDraft,
    state: State,
    episode: Episode,
    asked: Asked,
) -> Decision:
    """What becomes of a draft of an episode that is there. Only to cancel is allowed while that is put away."""
    refused(Rejection.ARCHIVED, if_=(state.archived or episode.archived) and not isinstance(command, CancelDraft))
    match command:
        case GenerateDraft():
            return _requested(command, state, asked)
        case ReviseDraft():
            return _revised(command, state, asked)
        case CommitDraft():
            return _committed(command, state, episode)
        case DiscardDraft():
            return _discarded(command, state)
        case CancelDraft():
            return _cancelled(command, state)


def _requested(command: GenerateDraft, state: State, asked: Asked) -> Decision:
    _is_new(command, state)
    refused(Rejection.NOT_IN_PROJECT, if_=not state.documents.issuperset(command.document_ids))
    return DraftRequested(
        project_id=command.project_id,
        episode_id=command.episode_id,
        draft_id=command.draft_id,
        job_id=asked.job_id,
        brief=command.brief,
        template=command.template,
        language=command.language,
        max_tokens=command.max_tokens,
        temperature=command.temperature,
        seed=command.seed,
        document_ids=command.document_ids,
    )


def _revised(command: ReviseDraft, state: State, asked: Asked) -> Decision:
    _is_new(command, state)
    base = state.drafts.get(command.based_on)
    if base is None or base.episode_id != command.episode_id:
        raise Against(Rejection.NOT_FOUND)
    _is_written(base)
    return DraftRevised(
        project_id=command.project_id,
        episode_id=command.episode_id,
        draft_id=command.draft_id,
        job_id=asked.job_id,
        based_on=command.based_on,
        text=command.text,
        sources=base.sources,
    )


def _committed(command: CommitDraft, state: State, episode: Episode) -> Decision:
    _is_written(_draft(command, state))
    refused(Rejection.UNCHANGED, if_=episode.script == command.draft_id)
    return DraftCommitted(
        project_id=command.project_id,
        episode_id=command.episode_id,
        draft_id=command.draft_id,
        revision=episode.revision + 1,
        number=episode.number + 1,
    )


def _discarded(command: DiscardDraft, state: State) -> Decision:
    draft = _draft(command, state)
    refused(Rejection.DRAFT_COMMITTED, if_=draft.committed)
    refused(Rejection.DRAFT_NOT_READY, if_=draft.standing in UNDER_WAY | {Standing.CANCELLING})
    refused(Rejection.ERASED, if_=draft.standing is Standing.ERASED)
    refused(Rejection.UNCHANGED, if_=draft.standing is Standing.DISCARDED)
    return DraftDiscarded(
        project_id=command.project_id,
        episode_id=command.episode_id,
        draft_id=command.draft_id,
        reason=command.reason,
    )


def _cancelled(command: CancelDraft, state: State) -> Decision:
    draft = _draft(command, state)
    refused(Rejection.NOT_FOUND, if_=draft.job_id != command.job_id)
    refused(Rejection.UNCHANGED, if_=draft.standing in {Standing.CANCELLING, Standing.CANCELLED})
    # A failed one may be on its way again: its dead letter was sent back.
    refused(Rejection.DRAFT_ENDED, if_=draft.standing not in UNFINISHED)
    return DraftCancelled(
        project_id=command.project_id,
        episode_id=command.episode_id,
        draft_id=command.draft_id,
        job_id=command.job_id,
        reason=command.reason,
    )


def _is_new(command: GenerateDraft | ReviseDraft, state: State) -> None:
    refused(Rejection.ALREADY_EXISTS, if_=command.draft_id in state.drafts)
    refused(Rejection.TOO_MANY, if_=len(state.drafts) >= MOST_IN_PROJECT)


def _draft(command: CommitDraft | DiscardDraft | CancelDraft, state: State) -> Draft:
    draft = state.drafts.get(command.draft_id)
    if draft is None or draft.episode_id != command.episode_id:
        raise Against(Rejection.NOT_FOUND)
    return draft


def _is_written(draft: Draft) -> None:
    refused(Rejection.ERASED, if_=draft.standing is Standing.ERASED)
    refused(Rejection.DRAFT_NOT_READY, if_=draft.standing is not Standing.WRITTEN)
