"""What every read of a table has in common: what can go wrong with it, and how its rows become a page of answers."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TypeVar

import asyncpg

from muniment.api.pages import Page
from muniment.producers.postgres import database
from muniment.projections import paging
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

NOT_THERE_YET = "a read model is being built, for the first time or for a newer version: it answers once that is done"
"""What a read is told whose tables or columns are not there. After an upgrade the older version's stay in place, and
are read as far as that goes, until the new ones are filled."""
R = TypeVar("R")
A = TypeVar("A")


class _Reading:
    """See `reading`. A class, for it stands around every read: a generator would cost three times as much."""

    __slots__ = ()

    async def __aenter__(self) -> None:
        """Nothing begins here."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See `reading`."""
        if error is None:
            return
        await database().__aexit__(kind, error, trace)
        if isinstance(error, _NOT_THERE):
            raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, NOT_THERE_YET) from error
        if isinstance(error, asyncpg.DataError):
            # A forged cursor can hold anything; everything else was checked before.
            raise ValueError("not a cursor") from error  # noqa: TRY004 - it is the text that is at fault


_NOT_THERE = (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidSchemaNameError)
_READING = _Reading()


def reading() -> AbstractAsyncContextManager[None]:
    """What can go wrong while reading, as problems: the database is away, or the read model is not there (yet)."""
    return _READING


def page_of(page: paging.Page[R], answer: Callable[[R], A]) -> Page[A]:
    """A page of rows as a page of answers."""
    return Page([answer(row) for row in page.rows], page.cursor)
