"""What the log says of a cancellation: of the job that asked for it, and of the one that it ended."""

from datetime import UTC, datetime
from uuid import UUID

from muniment.projections.jobs.evolve import evolve
from muniment.projections.jobs.facts import facts_of
from muniment.projections.jobs.state import Job
from muniment.projections.jobs.what import Asked, Ended, Reached
from muniment.schemas.codec import Envelope
from muniment.schemas.commands import CancelJob, SubmitUrl
from muniment.schemas.documents import DocumentFetched, DocumentRequested, JobCancelled, VersionRolledBack
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.personal import REDACTED
from muniment.schemas.record import Record

DOCUMENT, ASKING, TARGET = UUID(int=1), UUID(int=2), UUID(int=3)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def said(event: Event, job: UUID = ASKING) -> Envelope:
    """The event as it is on the log."""
    return Envelope(event, Metadata(job, "acme", job, job, NOW, "muniment.test"), Record("t", b"", b"", (), 3, 7, 0))


def cancelled(version: int) -> JobCancelled:
    """A job was cancelled."""
    return JobCancelled(document_id=DOCUMENT, version=version, job_id=TARGET, reason="not wanted")


def test_a_cancellation_ends_the_other_job() -> None:
    """The asking job goes on until everything was rolled back."""
    asking, target = facts_of(said(cancelled(2)))
    assert (asking.job_id, asking.what) == (ASKING, Reached("purging", 2))
    ended = Ended("cancelled", version=2, code="job_cancelled", error="not wanted")
    assert (target.job_id, target.what, target.document_id) == (TARGET, ended, DOCUMENT)
    rolled = VersionRolledBack(document_id=DOCUMENT, version=2, job_id=TARGET, blobs_removed=1, blobs_shared=0)
    (done,) = facts_of(said(rolled))
    assert (done.job_id, done.what) == (ASKING, Ended("succeeded", "purging", 2))
    (asked,) = facts_of(said(CancelJob(document_id=DOCUMENT, job_id=TARGET, reason="")))
    assert asked.what == Asked("cancel", None, 3, 7)


def test_a_job_without_a_version_is_cancelled_without_one() -> None:
    """And a reason that cannot be read any more is a mark."""
    _, target = facts_of(said(cancelled(0)))
    assert isinstance(target.what, Ended)
    assert target.what.version is None
    gone = JobCancelled(document_id=DOCUMENT, version=0, job_id=TARGET, reason=REDACTED)
    assert facts_of(said(gone))[1].what == Ended("cancelled", code="job_cancelled", error="[redacted]")


def test_the_job_of_an_address_shows_that_it_is_fetching() -> None:
    """From its decision until the content is at work."""
    job = Job(TARGET, "acme", DOCUMENT)
    address = {"document_id": DOCUMENT, "url": "https://example.org/", "title": None, "metadata": {}, "lane": "bulk"}
    for event in (SubmitUrl(**address), DocumentRequested(job_id=TARGET, **address)):
        for fact in facts_of(said(event, TARGET)):
            job = evolve(job, fact)
    assert (job.kind, job.lane, job.state, job.step) == ("submit", "bulk", "running", "fetching")
    content = DocumentFetched(job_id=TARGET, file_name="a", blob="b", size_bytes=1, **address)
    for fact in facts_of(said(content, TARGET)):
        job = evolve(job, fact)
    assert job.step == "fetching"
