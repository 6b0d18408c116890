"""What a failed read means to who asked."""

import asyncpg
import pytest

from muniment.api.reading import reading
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UndefinedTableError("no such table"),
        asyncpg.InvalidSchemaNameError("no such schema"),
        asyncpg.ConnectionDoesNotExistError("gone"),
        asyncpg.InterfaceError("pool is closing"),
        ConnectionRefusedError(),
    ],
)
async def test_a_database_or_a_read_model_that_is_away_is_told_as_such(error):
    """Both are over after a while: who asks may ask again."""
    with pytest.raises(StepFailure) as told:
        async with reading():
            raise error
    assert told.value.code == ErrorCode.DATABASE_UNAVAILABLE
    assert told.value.__cause__ is error


async def test_what_is_no_cursor_is_the_fault_of_who_sent_it():
    """A forged cursor can hold anything; Postgres says so."""
    with pytest.raises(ValueError, match="not a cursor"):
        async with reading():
            raise asyncpg.DataError("invalid input syntax")


async def test_what_the_code_did_wrong_stays_what_it_is():
    """An error in a statement is nobody's outage, and neither is one that has nothing to do with Postgres."""
    for error in (asyncpg.PostgresSyntaxError("syntax"), KeyError("a")):
        with pytest.raises(type(error)):
            async with reading():
                raise error
