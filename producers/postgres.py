"""Calls of our own database: what it means when one fails."""

from contextlib import AbstractAsyncContextManager

import asyncpg

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

_AWAY = (
    asyncpg.PostgresConnectionError,
    # What the driver says when a connection breaks between two messages of one statement.
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    # Shut down, cancelled, dropped.
    asyncpg.OperatorInterventionError,
    # Too many connections, out of memory, the disk full.
    asyncpg.InsufficientResourcesError,
    # Somebody else came between: deadlocks, locks, serialisation.
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    # A standby that was, or is to be, the primary.
    asyncpg.ReadOnlySQLTransactionError,
    # A password or a name that is wrong is wrong for every record.
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    # Connections refused, broken, timed out.
    OSError,
)

FAILURES = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""All that a call of asyncpg raises by itself; the three of asyncpg have no ancestor of their own."""


def is_away(error: BaseException) -> bool:
    """Whether the database is away or busy, so that trying the same again can help; else what it was told is at fault.

    asyncpg has one `InterfaceError` for a connection that is gone and for arguments that it cannot send.
    """
    if isinstance(error, asyncpg.InterfaceError):
        text = str(error)
        return not isinstance(error, ValueError) and ("connection" in text or "pool" in text)
    return isinstance(error, _AWAY)


class _Database:
    """See `database`. A class, for it stands around every statement: a generator would cost three times as much."""

    __slots__ = ()

    async def __aenter__(self) -> None:
        """Nothing begins here."""

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        """See `database`."""
        if isinstance(error, FAILURES) and is_away(error):
            raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, f"Postgres: {type(error).__name__}") from error


_DATABASE = _Database()


def database() -> AbstractAsyncContextManager[None]:
    """Turn an absent database into `StepFailure(database_unavailable)`, on which callers wait in place."""
    return _DATABASE
