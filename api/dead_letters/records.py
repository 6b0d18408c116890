"""The record of a dead letter as JSON: read from the log itself, decoded with whatever keys are left."""

from uuid import UUID

from muniment.api.dependencies import Dependencies
from muniment.api.operation_reads.answers import LetterRecord
from muniment.api.operation_reads.rows import letter_place
from muniment.api.problems.problem import Problem
from muniment.schemas.codec import sealed_for
from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import MunimentError, StepFailure
from muniment.schemas.event import DocumentEvent
from muniment.schemas.event_json import redacted_fields, to_json
from muniment.schemas.record import Position, Record


async def letter_record(deps: Dependencies, dead_letter_id: str) -> LetterRecord:
    """What the record holds.

    Raises:
        Problem: `not_readable` when it is no event of ours, or of a newer program.
        StepFailure: `log_unavailable`, `database_unavailable`, `key_ring_unusable`.

    """
    record = await _record(deps, dead_letter_id)
    try:
        event = (await deps.codec.decode(record)).event
    except MunimentError as error:
        if POLICIES[error.code] is Policy.BLOCK:
            raise
        raise Problem("not_readable", f"The record cannot be decoded: {error.detail}") from None
    return LetterRecord(
        dead_letter_id=dead_letter_id,
        event=event.declaration.key,
        document_id=event.document_id if isinstance(event, DocumentEvent) else None,
        data=to_json(event),
        redacted=redacted_fields(event),
    )


async def letter_owner(deps: Dependencies, dead_letter_id: str) -> UUID | None:
    """What the record is sealed for: a document, a project, or a draft, whose records lie under its project's key.

    `None` where nothing in it is sealed.

    Raises:
        Problem: `not_readable`, as above.
        StepFailure: `log_unavailable`.

    """
    try:
        return sealed_for(await _record(deps, dead_letter_id))
    except MunimentError as error:
        if error.code is ErrorCode.LOG_UNAVAILABLE:
            raise
        raise Problem("not_readable", f"The record cannot be decoded: {error.detail}") from None


async def _record(deps: Dependencies, dead_letter_id: str) -> Record:
    if deps.records is None:
        raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "this instance does not read the log")
    record = await deps.records.at(Position.parse(letter_place(dead_letter_id)))
    if record is None:
        raise Problem("not_readable", "The record is not on the log any more.")
    return record
