"""A reader of the log tells that the log is away, and nothing else."""

import errno
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError

from muniment.producers import log_spans as module
from muniment.producers.log_spans import log_spans
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


@pytest.fixture(autouse=True)
def consumer(monkeypatch: pytest.MonkeyPatch) -> list[Exception]:
    """No broker: a consumer that starts with the error that is in the list, or well."""
    starts: list[Exception] = []

    class Consumer:
        def __init__(self, **_: Any) -> None: ...

        async def start(self) -> None:
            if starts:
                raise starts[0]

    async def stopped(_: Any) -> None: ...

    monkeypatch.setattr(module, "AIOKafkaConsumer", Consumer)
    monkeypatch.setattr(module, "stop_consumer", stopped)
    return starts


@pytest.mark.parametrize("error", [OSError(errno.ENETUNREACH, "no"), KafkaConnectionError("no"), TimeoutError()])
async def test_a_broker_that_cannot_be_reached_is_the_log_that_is_away(
    error: Exception, consumer: list[Exception]
) -> None:
    """However the client says it."""
    consumer.append(error)
    with pytest.raises(StepFailure, match="not today") as told:
        async with log_spans("127.0.0.1:1", told="not today"):
            raise AssertionError("there is no reader")
    assert told.value.code is ErrorCode.LOG_UNAVAILABLE


async def test_what_its_reader_comes_upon_stays_what_it_is() -> None:
    """A disk that is full is not the log that is away; a broker that goes away in between is."""
    with pytest.raises(OSError, match="disk"):
        async with log_spans("127.0.0.1:1"):
            raise OSError(errno.ENOSPC, "disk")
    with pytest.raises(StepFailure):
        async with log_spans("127.0.0.1:1"):
            raise KafkaConnectionError("gone")
