"""Whether a record is a step's business, seen from its frame and headers alone: nothing is decoded or decrypted."""

from muniment.schemas.codec import declaration_of
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.metadata import lane_of
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import BRANCH
from muniment.schemas.topics import REDELIVERY
from muniment.stream_apps.step import Step


def topics_of(step: Step) -> tuple[str, ...]:
    """The topics a step reads: those of its events, then its redelivery topic."""
    own = dict.fromkeys(event.declaration.topic.name for event in step.reads)
    return (*own, REDELIVERY[step.name].name)


def redelivered(step: Step, record: Record) -> bool:
    """Whether the record came back from a retry tier (or a redrive) to this step."""
    return record.topic == REDELIVERY[step.name].name


def concerns(step: Step, record: Record) -> bool:
    """Whether the step works on this record. Versions do not matter: older ones are upcast.

    Raises:
        StepFailure: `undecodable` or `unknown_event` when the record cannot be told, or is this step's by its
            topic or name and of a version that this program does not know.

    """
    wanted = {event.declaration.name for event in step.reads}
    try:
        name = declaration_of(record).name
    except StepFailure:
        claimed = claimed_name(record)
        if claimed and claimed not in wanted and not redelivered(step, record):
            # A newer program's event for somebody else: not for this step to bury.
            return False
        raise
    if name not in wanted and redelivered(step, record):
        raise StepFailure(ErrorCode.UNKNOWN_EVENT, f"{name} was redelivered to {step.name}, which does not read it")
    return name in wanted


def passes_by(step: Step, record: Record, lane: str | None = None) -> bool:
    """Whether the record is plainly not the step's business here: the cheap question that a host asks first.

    `lane` is the one that the host works through: records of another are its hosts' business. `None` is all lanes.
    Whatever else is unclear is not passed by; the wrapper finds out and buries it if need be.
    """
    if lane is not None and lane_of(record) != lane:
        return True
    if step.branch and redelivered(step, record) and (record.header(BRANCH) or step.branch) != step.branch:
        return True
    try:
        return not (concerns(step, record) and step.concerned(record))
    except StepFailure:
        return False


def claimed_name(record: Record) -> str:
    """The event's name by its CloudEvents type (`muniment.Name.v1`), or an empty string."""
    parts = (record.header("ce_type") or "").split(".")
    return parts[-2] if len(parts) > 1 else ""
