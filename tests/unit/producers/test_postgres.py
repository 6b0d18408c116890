"""What an exception of the database means: wait for it, or judge the record."""

import asyncpg
import pytest

from muniment.producers.postgres import database
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(),
        TimeoutError(),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.InterfaceError("cannot perform operation: connection is closed"),
        asyncpg.InterfaceError("pool is closing"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.ReadOnlySQLTransactionError("cannot execute INSERT in a read-only transaction"),
        asyncpg.DiskFullError("could not extend file"),
        asyncpg.OutOfMemoryError("out of memory"),
        asyncpg.DeadlockDetectedError("deadlock detected"),
        asyncpg.QueryCanceledError("canceling statement due to user request"),
        asyncpg.InvalidPasswordError("password authentication failed"),
        asyncpg.InvalidCatalogNameError("database does not exist"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_database_that_cannot_is_waited_for(error: Exception) -> None:
    """A disk that is full, a standby, a broken connection are no record's fault: nothing of it may use up attempts."""
    with pytest.raises(StepFailure) as raised:
        async with database():
            raise error
    assert raised.value.code is ErrorCode.DATABASE_UNAVAILABLE


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.exceptions._base.DataError("invalid input for query argument $1: value out of int32 range"),
        asyncpg.InterfaceError("the server expects 2 arguments for this query, 1 was passed"),
        asyncpg.UniqueViolationError("duplicate key"),
        asyncpg.CharacterNotInRepertoireError("invalid byte sequence"),
        ValueError("x"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_no_waiting_heals_is_not_taken_for_an_absent_database(error: Exception) -> None:
    """Taken for one, a single record would block its lane for ever."""
    with pytest.raises(type(error)):
        async with database():
            raise error
