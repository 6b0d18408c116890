"""Whether an error means that Postgres is away or busy, or that a record is at fault."""

from muniment.producers import postgres
from muniment.schemas.error_codes import POLICIES, Policy
from muniment.schemas.errors import MunimentError


def is_away(error: BaseException) -> bool:
    """True when trying the same again later can help."""
    if isinstance(error, MunimentError):
        return POLICIES[error.code] is Policy.BLOCK
    return postgres.is_away(error)


def said(error: BaseException) -> str:
    """What to write down about an error: our own detail, or only the type, for a driver quotes document text."""
    if isinstance(error, MunimentError):
        return f"{error.code}: {error.detail}"[:500]
    return type(error).__name__
