"""The ids that are kept for a request with a key: its commands have them, whoever carries it out and how often."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID, uuid4, uuid5

from uuid_utils.compat import uuid7

from muniment.api.idempotency.port import Reserved

_reserved: ContextVar[Reserved | None] = ContextVar("muniment_reserved", default=None)


@contextmanager
def carrying_out(reserved: Reserved) -> Iterator[None]:
    """Everything inside makes its commands under the reserved ids."""
    token = _reserved.set(reserved)
    try:
        yield
    finally:
        _reserved.reset(token)


def reserved() -> Reserved | None:
    """The ids of the request that is carried out, if it has a key."""
    return _reserved.get()


def new_job_id(index: int = 0) -> UUID:
    """The id of the `index`-th command of a request: the same one each time a request with a key is repeated."""
    held = _reserved.get()
    if held is None:
        return uuid7()
    return held.job_id if index == 0 else uuid5(held.job_id, str(index))


def new_document_id(index: int = 0) -> UUID:
    """The id of the `index`-th new document of a request; see `new_job_id`."""
    held = _reserved.get()
    if held is None:
        return uuid4()
    return held.document_id if index == 0 else uuid5(held.document_id, str(index))
