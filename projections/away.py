"""Whether an error means that Postgres or a key is away, or that a record is at fault."""

from muniment.producers import postgres
from muniment.projections.status import State
from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import MunimentError


def is_away(error: BaseException) -> bool:
    """True when trying the same again later can help."""
    if isinstance(error, MunimentError):
        return POLICIES[error.code] is Policy.BLOCK
    return postgres.is_away(error)


def waiting_for(error: BaseException) -> State:
    """What is waited for after such an error."""
    keys = isinstance(error, MunimentError) and error.code is ErrorCode.KEY_RING_UNUSABLE
    return "waiting_for_keys" if keys else "waiting_for_database"


def said(error: BaseException) -> str:
    """What to write down about an error: our own detail, or only the type, for a driver quotes document text."""
    if isinstance(error, MunimentError):
        return f"{error.code}: {error.detail}"[:500]
    return type(error).__name__
