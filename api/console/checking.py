"""Makes of a form that does not fit the same problem as of a request to the API."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError

from muniment.api.problems.problem import from_validation


@contextmanager
def checked() -> Iterator[None]:
    """What does not fit the limits of a request becomes the same problem as for a caller of the API."""
    try:
        yield
    except ValidationError as error:
        raise from_validation(error.errors()) from None
