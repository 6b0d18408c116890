"""The record of a dead letter as it goes back to its step. Pure."""

from dataclasses import dataclass
from uuid import UUID

from muniment.schemas.codec import declaration_of
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import REDRIVE_ID, REDRIVE_LETTER, REDRIVE_TIMES, as_new
from muniment.schemas.topics import REDELIVERY


@dataclass(frozen=True, slots=True)
class Leaving:
    """A letter on its way out.

    Attributes:
        redrive_id: The redrive that takes it.
        number: Its place on the redrive's list.
        letter: Its place on the dead-letter topic.
        step: Where it goes.
        document_id: What it is about, if anything.
        job_id: The job it belongs to, if any.
        times: How often its record will have been redriven then.
        edited: What stands in place of its value, if it was edited.
        edited_key: The data key which that needs, if any.

    """

    redrive_id: UUID
    number: int
    letter: str
    step: str
    document_id: UUID | None
    job_id: UUID | None
    times: int
    edited: bytes | None = None
    edited_key: UUID | None = None


def redelivery(record: Record, leaving: Leaving) -> Record:
    """As if it had never failed, but for its first origin and the redrive that it goes through."""
    again = as_new(record)
    if leaving.edited is not None:
        again = Record(again.topic, again.key, leaving.edited, again.headers)
        again = again.with_headers({"ce_type": declaration_of(again).ce_type})
        if leaving.edited_key is not None:
            again = again.with_headers({"key_id": str(leaving.edited_key)})
    headers = {
        REDRIVE_ID: str(leaving.redrive_id),
        REDRIVE_LETTER: leaving.letter,
        REDRIVE_TIMES: str(leaving.times),
    }
    return again.with_headers(headers).to(REDELIVERY[leaving.step].name)
