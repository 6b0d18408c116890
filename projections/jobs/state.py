"""What is known of a job: the row, as a value."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

STEPS = ("deciding", "fetching", "extracting", "chunking", "embedding", "indexing", "purging", "generating")
RANK = {step: rank for rank, step in enumerate(STEPS)}
ENDS = ("failed", "rejected", "refused", "cancelled", "succeeded")
"""Which end wins when the log tells of two, the last one strongest: a job that succeeded after a dead letter of it was
redriven has succeeded. Only between cancelled and succeeded it is the first that counts."""


@dataclass(frozen=True)
class Job:
    """A job, a row of `jobs`. `state` is derived from the other fields (see `evolve`).

    Attributes:
        job_id: The id of the command, which is the correlation id of all that follows.
        tenant: Whose it is.
        document_id: What it is about; for the writing of a draft its project, by which all its records are keyed.
        kind: submit, delete, generate or cancel; `None` until the command was folded, when readers do not see the job
            yet.
        state: queued, running, waiting_retry, succeeded, refused, rejected, failed or cancelled.
        step: The furthest step it has reached.
        done: Progress within the step, of `total`, in `unit`.
        attempt: Tries that failed through the record's own fault, as of the last retry.
        retry_due_at: When the last retry may be taken up.
        end: Which end the log tells of, of `ENDS`.
        batches: Bitmap of the batches whose vectors are on the log, so that a repeat is not counted twice; for the
            writing of a draft, of the tries that were paid for.
        summed: The totals are those of the finished version, no longer what was counted on the way.
        active_at: When something was last done for it.
        lane: The lane it was submitted to.
        from_at: With `from_place` the moment (see `projections.validity`) since which the row says this.
        ordered_at: The latest time of any fact about it on the topic of documents or projects; none counts as earlier
            than the one before it.
        project_id: With `episode_id` and `draft_id` what is written; `None` for a document's job.

    """

    job_id: UUID
    tenant: str
    document_id: UUID
    kind: str | None = None
    version: int | None = None
    state: str = "queued"
    step: str = "deciding"
    done: int | None = None
    total: int | None = None
    unit: str | None = None
    attempt: int = 0
    waits: int = 0
    retry_due_at: datetime | None = None
    retry_code: str | None = None
    retry_error: str | None = None
    end: str | None = None
    error_code: str | None = None
    error: str | None = None
    tokens: int = 0
    cost_micros: int = 0
    chunks: int | None = None
    embedded: int = 0
    reused: int = 0
    batches: bytes = b""
    summed: bool = False
    lane: str | None = None
    created_at: datetime | None = None
    started_at: datetime | None = None
    active_at: datetime | None = None
    finished_at: datetime | None = None
    command_partition: int | None = None
    command_offset: int | None = None
    from_at: datetime | None = None
    from_place: str | None = None
    ordered_at: datetime | None = None
    project_id: UUID | None = None
    episode_id: UUID | None = None
    draft_id: UUID | None = None
