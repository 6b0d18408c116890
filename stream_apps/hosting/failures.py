"""Turns whatever a step raised into a failure with a code: the one place that knows foreign exceptions."""

import asyncio

import asyncpg

from muniment.producers.disk import is_full
from muniment.producers.postgres import is_away
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import MunimentError, StepFailure

_DATABASE = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, ConnectionError)
"""What can come from the database. Any other `OSError` may as well be a file of the step."""
_PASSING = (KeyboardInterrupt, SystemExit, GeneratorExit)


def passes_through(error: BaseException) -> bool:
    """Whether it must leave the wrapper, with nothing acknowledged: a real cancellation or the end of the process.

    A `CancelledError` that nobody sent to this task (a step's own inner task was cancelled) is a failure like any
    other: let through, it would end the lane and leave the record unsettled for ever.
    """
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is None or task.cancelling() > 0
    return isinstance(error, _PASSING)


def failure_of(error: BaseException, late: ErrorCode = ErrorCode.STEP_TIMEOUT) -> MunimentError:
    """The failure that an exception stands for; `late` is what it means when the step did not end in time.

    The text of a foreign exception may hold a document's text: only its type's name is kept.
    """
    if isinstance(error, MunimentError):
        return error
    kind = type(error).__name__
    if is_full(error):
        return StepFailure(ErrorCode.DISK_FULL, kind)
    if isinstance(error, TimeoutError):
        return StepFailure(late, "the step did not end in time")
    if isinstance(error, _DATABASE) and is_away(error):
        return StepFailure(ErrorCode.DATABASE_UNAVAILABLE, kind)
    return StepFailure(ErrorCode.UNEXPECTED, kind)
