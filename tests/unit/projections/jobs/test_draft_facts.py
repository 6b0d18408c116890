"""What the log says of the job of a draft: asked for, written, cancelled, gone with its project."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from muniment.projections.jobs.evolve import evolve
from muniment.projections.jobs.facts import facts_of
from muniment.projections.jobs.state import Job
from muniment.projections.jobs.what import Draft
from muniment.schemas.codec import Envelope
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.personal import REDACTED
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

PROJECT, EPISODE, DRAFT, JOB, CANCEL = (UUID(int=n) for n in range(1, 6))
NOW = datetime(2026, 1, 1, tzinfo=UTC)
WHERE: dict[str, Any] = {"project_id": PROJECT, "episode_id": EPISODE, "draft_id": DRAFT}
WHOSE = {**WHERE, "job_id": JOB}
HOW: dict[str, Any] = {
    "brief": REDACTED,
    "template": "script",
    "language": "en",
    "max_tokens": 500,
    "temperature": 0.2,
    "seed": None,
    "document_ids": (),
}
ASKED = GenerateDraft(**WHERE, **HOW)
REQUESTED = DraftRequested(**WHOSE, **HOW)
PROMPTED = DraftPrompted(
    **WHOSE,
    attempt=1,
    provider="openai",
    model="m",
    template="script",
    template_version=1,
    max_tokens=500,
    temperature=0.2,
    seed=None,
    prompt=REDACTED,
    passages=(),
    memory_tokens=1,
    prompt_tokens=2,
    window_tokens=3,
)
STREAMED = DraftStreamed(project_id=PROJECT, draft_id=DRAFT, job_id=JOB, attempt=1, index=3, text=REDACTED, tokens=120)
WRITTEN = DraftWritten(
    **WHOSE,
    attempt=1,
    provider="openai",
    model="m",
    text=REDACTED,
    citations=(),
    finish_reason="stop",
    tokens_in=400,
    tokens_out=150,
    cost_micros=77,
    first_token_ms=1,
    written_ms=2,
)
CHARGED = DraftCharged(
    **WHOSE,
    attempt=2,
    provider="openai",
    model="m",
    code="broken_off",
    tokens_in=40,
    tokens_out=10,
    cost_micros=9,
    estimated=True,
)


def said(event: Event, job: UUID = JOB) -> Envelope:
    """The event as it is on the log, because of this command."""
    record = Record(event.declaration.topic.name, b"", b"", (), 3, 7, 0)
    return Envelope(event, Metadata(job, "acme", job, job, NOW, "muniment.test"), record)


def told(*items: Envelope) -> dict[UUID, Job]:
    """The jobs after these records."""
    jobs: dict[UUID, Job] = {}
    for item in items:
        for fact in facts_of(item, {("acme", DRAFT): JOB}):
            job = jobs.setdefault(fact.job_id, Job(fact.job_id, fact.tenant, fact.document_id))
            jobs[fact.job_id] = evolve(job, fact)
    return jobs


def test_a_job_of_a_draft_shows_what_is_written_and_how_far_it_is() -> None:
    """Kind, ids and lane from the command; tokens of the text as they come."""
    job = told(said(ASKED), said(REQUESTED))[JOB]
    assert (job.kind, job.state, job.step, job.document_id) == ("generate", "queued", "deciding", PROJECT)
    assert Draft(job.project_id, job.episode_id, job.draft_id) == Draft(PROJECT, EPISODE, DRAFT)  # type: ignore[arg-type]
    job = told(said(ASKED), said(REQUESTED), said(PROMPTED))[JOB]
    assert (job.state, job.step, job.done, job.total, job.unit) == ("running", "generating", 0, 500, "tokens")
    job = told(said(ASKED), said(REQUESTED), said(PROMPTED), said(STREAMED))[JOB]
    assert (job.done, job.total) == (120, 500)


@pytest.mark.parametrize("order", list(permutations((ASKED, REQUESTED, PROMPTED, STREAMED, WRITTEN))))
def test_its_end_does_not_depend_on_the_order_of_topics(order: tuple[Event, ...]) -> None:
    """Commands, facts and pieces lie on topics of their own: whatever comes first, the job ends the same."""
    job = told(*map(said, order))[JOB]
    assert (job.kind, job.state, job.tokens, job.cost_micros) == ("generate", "succeeded", 550, 77)
    assert (job.done, job.total, job.unit) == (120, 500, "tokens")


@pytest.mark.parametrize("order", list(permutations((ASKED, CHARGED, WRITTEN, CHARGED))))
def test_its_cost_is_that_of_every_call_once(order: tuple[Event, ...]) -> None:
    """Of the answer and of what nothing came of, in any order, also where one is said twice."""
    job = told(*map(said, order))[JOB]
    assert (job.state, job.tokens, job.cost_micros) == ("succeeded", 550 + 50, 77 + 9)


def test_a_cancelled_or_refused_job_has_cost_what_was_paid_for_it() -> None:
    """Told before or after its end; an answer that came too late counts, too, and does not undo the cancellation."""
    cancelled = said(DraftCancelled(**WHOSE, reason=REDACTED), CANCEL)
    job = told(said(ASKED), cancelled, said(CHARGED), said(WRITTEN), said(WRITTEN))[JOB]
    assert (job.state, job.tokens, job.cost_micros) == ("cancelled", 550 + 50, 77 + 9)
    refused = said(DraftRefused(**WHOSE, code="model_refused"))
    job = told(said(ASKED), said(CHARGED), refused)[JOB]
    assert (job.state, job.tokens, job.cost_micros) == ("refused", 50, 9)


def test_a_cancellation_is_a_job_and_ends_the_other() -> None:
    """The first of answer and cancellation counts."""
    asking = said(CancelDraft(**WHOSE, reason=REDACTED), CANCEL)
    ended = said(DraftCancelled(**WHOSE, reason=REDACTED), CANCEL)
    jobs = told(said(ASKED), said(REQUESTED), said(PROMPTED), asking, ended, said(WRITTEN))
    assert (jobs[CANCEL].kind, jobs[CANCEL].state) == ("cancel", "succeeded")
    assert (jobs[JOB].state, jobs[JOB].error_code) == ("cancelled", "job_cancelled")
    assert told(said(ASKED), said(WRITTEN), ended)[JOB].state == "succeeded"


def test_what_is_decided_against_or_refused_ends_with_its_reason() -> None:
    """A command of another kind is no job."""
    no = ProjectCommandRejected(project_id=PROJECT, job_id=JOB, command="GenerateDraft", code="archived", revision=1)
    job = told(said(ASKED), said(no))[JOB]
    assert (job.state, job.error_code) == ("rejected", "archived")
    assert not facts_of(said(ProjectCommandRejected(project_id=PROJECT, job_id=JOB, command="X", code="c", revision=1)))
    job = told(said(ASKED), said(REQUESTED), said(DraftRefused(**WHOSE, code="nothing_found")))[JOB]
    assert (job.state, job.step, job.error_code) == ("refused", "generating", "nothing_found")
    assert job.error


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (ProjectDeleted(project_id=PROJECT, revision=2, episodes=(), drafts=(DRAFT,), reason=""), "project_deleted"),
        (
            EpisodeDeleted(project_id=PROJECT, episode_id=EPISODE, revision=2, drafts=(DRAFT,), reason=""),
            "episode_deleted",
        ),
        (DraftErased(**WHERE, document_id=UUID(int=9), erasure_id=UUID(int=8)), "document_erased"),
    ],
)
def test_a_draft_that_goes_ends_its_job(event: Event, code: str) -> None:
    """Unless it had ended; of a draft that nobody knows nothing is said."""
    other = UUID(int=99)
    assert told(said(ASKED), said(REQUESTED), said(event, other))[JOB].error_code == code
    assert told(said(ASKED), said(REQUESTED), said(WRITTEN), said(event, other))[JOB].state == "succeeded"
    assert not facts_of(said(event, other))
