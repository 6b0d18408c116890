"""Tells the record that is being settled what its repeated calls fail with, so that its wait can be shown.

A call may stand deep below whoever settles the record, or in a task of its own (results go out side by side): a
context variable reaches all of them. Where no record is being settled nobody is told.
"""

from contextvars import ContextVar
from types import TracebackType
from typing import Protocol, Self

from muniment.schemas.errors import MunimentError


class Settling(Protocol):
    """A record that is being settled, as far as it waits."""

    def on(self, failure: MunimentError, call: object) -> None:
        """A call failed with this and is going to be repeated."""
        ...

    def over(self, call: object) -> None:
        """The call has ended, one way or another."""
        ...


SETTLING: ContextVar[Settling | None] = ContextVar("settling", default=None)
"""The record that is being settled here."""


class Repeated:
    """A call that is repeated until it succeeds; used with `with`. It costs nothing that counts until it fails."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: Settling | None = None

    def on(self, failure: MunimentError) -> None:
        """It failed with this, and is repeated."""
        self._told = SETTLING.get()
        if self._told is not None:
            self._told.on(failure, self)

    def over(self) -> None:
        """It is waited for no more."""
        if self._told is not None:
            self._told.over(self)
            self._told = None

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """A cancellation ends a wait, too."""
        self.over()
