"""What is said when the broker does not do what it was asked to."""

from aiokafka.errors import InvalidTimestampError

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

CLOCK = (
    "the clock of this machine and the broker's are further apart than its topic allows (an hour ahead, as declared): "
    "set the clocks right, what waits then goes on by itself"
)


def unconfirmed(what: str, error: BaseException) -> StepFailure:
    """The failure behind `error`, in words that name what to do where somebody has to do something.

    A clock that is far ahead refuses every record of its process, whichever it is: the record waits, as it does while
    the log is away. As a dead letter it would be refused just so.
    """
    why = CLOCK if isinstance(error, InvalidTimestampError) else ""
    return StepFailure(ErrorCode.LOG_UNAVAILABLE, f"{what}: {type(error).__name__}" + (why and f": {why}"))
