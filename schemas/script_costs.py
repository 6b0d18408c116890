"""What language models have cost that no draft shows for."""

from uuid import UUID

from muniment.schemas.event import Event, event
from muniment.schemas.topics import PROJECTS


@event(topic=PROJECTS, key="project_id")
class DraftCharged(Event):
    """A call of a model was paid for that no draft came of. What a draft cost that was written, `DraftWritten` says.

    Attributes:
        attempt: Which try called: its `DraftPrompted` is what was asked. Said once of each.
        model: The language model that was asked for.
        code: How it ended: `model_refused`; `broken_off` (cancelled, cut, killed or erased before its end);
            `overtaken` (another answer to the same request was there first).
        estimated: The tokens were counted here: it was broken off before the provider could tell them.

    """

    project_id: UUID
    episode_id: UUID
    draft_id: UUID
    job_id: UUID
    attempt: int
    provider: str
    model: str
    code: str
    tokens_in: int
    tokens_out: int
    cost_micros: int
    estimated: bool
