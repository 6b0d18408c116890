"""The erasures of an application, for its routes."""

from muniment.api.dependencies import Dependencies
from muniment.api.erasure_reads.port import Erasures
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


def erasures_of(deps: Dependencies) -> Erasures:
    """The port; an application that was wired without one answers as if its database were away."""
    if deps.erasures is None:
        raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, "this instance was started without erasures")
    return deps.erasures
