"""Sends that are repeated until the broker has confirmed them."""

from structlog.testing import capture_logs

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Record
from muniment.stream_apps.retrying.confirmed import send_confirmed

RECORD = Record("t", b"k", b"v", ())


class RefusedTwice:
    """A log that takes a record the third time."""

    def __init__(self) -> None:
        self.tries = 0

    async def send(self, record: Record) -> Record:
        """Refuse, and say why."""
        self.tries += 1
        if self.tries < 3:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "set the clocks right")
        return record


async def test_what_is_waited_for_is_in_the_log():
    """Each time it is tried again, with the words of what refused it."""
    log = RefusedTwice()

    async def sleep(_: float) -> None:
        pass

    with capture_logs() as lines:
        assert await send_confirmed(log, RECORD, sleep) == RECORD
    assert [(one["event"], one["error"]) for one in lines] == [("send_repeated", "set the clocks right")] * 2
