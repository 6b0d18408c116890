"""What is told of a call: how it ended, whoever closes it, and when."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from muniment.producers.writing.calls import Call
from muniment.producers.writing.observed import observed
from muniment.producers.writing.writer import STOP, Finished
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

END = Finished(STOP, 3, 2, "m")


async def written(error: Exception | None = None) -> AsyncGenerator[str | Finished, None]:
    """A piece, then the end or an error."""
    yield "The tide."
    if error:
        raise error
    yield END


async def read(items: int) -> list[Call]:
    """What is told when so many items are read and the writing is closed."""
    calls = list[Call]()
    async with aclosing(observed(written(), "m", calls.append)) as writing:
        for _ in range(items):
            await anext(writing)
    return calls


async def test_a_writing_that_is_closed_at_its_end_went_well() -> None:
    """Nobody reads on after `Finished`: the call is counted as answered, with its tokens."""
    [call] = await read(2)
    assert (call.outcome, call.tokens_in, call.tokens_out) == ("ok", 3, 2)


async def test_a_writing_that_is_closed_before_its_end_was_cancelled() -> None:
    """Whoever leaves in the middle has not been given the whole."""
    [call] = await read(1)
    assert (call.outcome, call.tokens_out) == ("cancelled", 0)


async def test_a_writing_that_fails_is_told_with_its_code() -> None:
    """The error goes through, and its code is what is counted."""
    calls = list[Call]()
    error = StepFailure(ErrorCode.PROVIDER_UNAVAILABLE, "it is away")
    with pytest.raises(StepFailure):
        async for _ in observed(written(error), "m", calls.append):
            pass
    assert [call.outcome for call in calls] == ["provider_unavailable"]
