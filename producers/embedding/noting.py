"""Has an answer noted the moment that it is there, by the adapter that got it, before anything else gets to run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from muniment.producers.embedding.embedder import Embedded

Note = Callable[[Embedded], None]
"""Keeps an answer; waits for nothing."""
_NOTE: ContextVar[Note | None] = ContextVar("muniment_note", default=None)


@contextmanager
def noting(note: Note) -> Iterator[None]:
    """Have what is answered inside told to `note`: one call of an endpoint, in one task."""
    token = _NOTE.set(note)
    try:
        yield
    finally:
        _NOTE.reset(token)


def answered(answer: Embedded) -> None:
    """Called by an adapter as soon as it can read an answer: it is paid for now, and whatever comes next may fail."""
    note = _NOTE.get()
    if note is not None:
        note(answer)
