"""Progress, for people to look at: nothing is decided from it, so it is kept for days only."""

from uuid import UUID

from muniment.schemas.event import DocumentEvent, event
from muniment.schemas.topics import JOBS


@event(topic=JOBS)
class StepProgressed(DocumentEvent):
    """A step has got this far with a version: `done` of `total` units (pages, characters, batches)."""

    version: int
    job_id: UUID
    step: str
    done: int
    total: int
    unit: str
