"""The ids that are kept for a request with a key: its commands have them, whoever carries it out and how often."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from uuid import UUID, uuid4, uuid5

from uuid_utils.compat import uuid7

from muniment.api.idempotency.port import Reserved


@dataclass(slots=True)
class CarriedOut:
    """A request that is carried out under its reserved ids. `final`: its answer, if a success, is the last word."""

    reserved: Reserved
    final: bool = True


_carried_out: ContextVar[CarriedOut | None] = ContextVar("muniment_carried_out", default=None)


@contextmanager
def carrying_out(reserved: Reserved) -> Iterator[CarriedOut]:
    """Everything inside makes its commands under the reserved ids."""
    request = CarriedOut(reserved)
    token = _carried_out.set(request)
    try:
        yield request
    finally:
        _carried_out.reset(token)


def reserved() -> Reserved | None:
    """The ids of the request that is carried out, if it has a key."""
    request = _carried_out.get()
    return None if request is None else request.reserved


def not_final() -> None:
    """Say of the request that is carried out that more may have come of it than is answered: a repeat has to look."""
    if request := _carried_out.get():
        request.final = False


def new_job_id(index: int = 0) -> UUID:
    """The id of the `index`-th command of a request: the same one each time a request with a key is repeated."""
    held = reserved()
    if held is None:
        return uuid7()
    return held.job_id if index == 0 else uuid5(held.job_id, str(index))


def new_document_id(index: int = 0) -> UUID:
    """The id of the `index`-th new document of a request; see `new_job_id`."""
    held = reserved()
    if held is None:
        return uuid4()
    return held.document_id if index == 0 else uuid5(held.document_id, str(index))
