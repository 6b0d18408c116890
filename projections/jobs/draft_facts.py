"""What a record of a project says about the job of a draft."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from muniment.projections.jobs.what import (
    CANCELLED,
    EPISODE_DELETED,
    ERASED,
    OF_DRAFTS,
    PROJECT_DELETED,
    Accepted,
    Asked,
    Charged,
    Draft,
    Ended,
    Fact,
    JobsOf,
    Reached,
    What,
)
from muniment.schemas.codec import Envelope
from muniment.schemas.projects import EpisodeDeleted, ProjectCommandRejected, ProjectDeleted
from muniment.schemas.record import Record
from muniment.schemas.script_commands import CancelDraft, GenerateDraft
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import (
    DraftCancelled,
    DraftErased,
    DraftPrompted,
    DraftRefused,
    DraftRequested,
    DraftStreamed,
    DraftWritten,
)


def drafts_ended(item: Envelope | Record) -> Iterable[UUID]:
    """The drafts that a record ends without naming their jobs."""
    event = item.event if isinstance(item, Envelope) else None
    match event:
        case ProjectDeleted() | EpisodeDeleted():
            return event.drafts
        case DraftErased():
            return (event.draft_id,)
        case _:
            return ()


def of_draft(item: Envelope, jobs_of: JobsOf) -> list[Fact]:
    """The facts in what is said of a project; `jobs_of` as for `facts_of`."""
    event: Any = item.event
    meta, project_id = item.meta, event.project_id
    what = _of_draft_event(item)
    # What a streamed piece, a prompt or an answer is about is the job of its request; a decision is about its command.
    facts = [Fact(meta.correlation_id, meta.tenant, project_id, meta.time, what)] if what else []
    if isinstance(event, DraftCancelled):
        ended = Ended("cancelled", code=CANCELLED, error="the draft was cancelled")
        facts.append(Fact(event.job_id, meta.tenant, project_id, meta.time, ended))
    for draft_id in drafts_ended(item):
        job_id = jobs_of.get((meta.tenant, draft_id))
        if job_id is not None:
            facts.append(Fact(job_id, meta.tenant, project_id, meta.time, _gone(event)))
    return facts


def _gone(event: ProjectDeleted | EpisodeDeleted | DraftErased) -> Ended:
    match event:
        case ProjectDeleted():
            return Ended("cancelled", code=PROJECT_DELETED, error="its project was deleted before the job ended")
        case EpisodeDeleted():
            return Ended("cancelled", code=EPISODE_DELETED, error="its episode was deleted before the job ended")
        case DraftErased():
            return Ended("cancelled", code=ERASED, error="a document behind the draft was erased before the job ended")


def _of_draft_event(item: Envelope) -> What | None:  # noqa: C901, PLR0911 - one case an event
    place = item.record.partition or 0, item.record.offset or 0
    match item.event:
        case GenerateDraft() as e:
            return Asked("generate", item.meta.lane, *place, Draft(e.project_id, e.episode_id, e.draft_id))
        case CancelDraft() as e:
            return Asked("cancel", None, *place, Draft(e.project_id, e.episode_id, e.draft_id))
        case ProjectCommandRejected() as e if e.command in OF_DRAFTS:
            return Ended("rejected", code=e.code, error=f"it was decided against: {e.code}")
        case DraftRequested() as e:
            return Accepted(None, Draft(e.project_id, e.episode_id, e.draft_id))
        case DraftCancelled():
            return Ended("succeeded")
        case DraftPrompted() as e:
            return Reached("generating", done=0, total=e.max_tokens, unit="tokens")
        case DraftStreamed() as e:
            return Reached("generating", done=e.tokens, unit="tokens")
        case DraftWritten() as e:
            return Ended("succeeded", "generating", charged=_cost(e))
        case DraftCharged() as e:
            return _cost(e)
        case DraftRefused() as e:
            return Ended("refused", "generating", code=e.code, error=_WHY.get(e.code, e.code))
        case _:
            return None


def _cost(event: DraftWritten | DraftCharged) -> Charged:
    return Charged(event.attempt, event.tokens_in + event.tokens_out, event.cost_micros)


_WHY = {
    "nothing_found": "the project's documents say nothing about the brief",
    "brief_missing": "neither the request nor the episode says what the draft is to be about",
    "model_refused": "the language model would not write this",
    "key_destroyed": "the draft was erased before it was written",
}
