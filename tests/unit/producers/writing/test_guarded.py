"""A writer behind its breaker, read as drafts and answers are read: up to `Finished`, and closed then."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from muniment.producers.breakers.breaker import Breaker
from muniment.producers.writing.guarded import GuardedWriter
from muniment.producers.writing.writer import STOP, Asked, Finished, Writing
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.operations import BreakerClosed
from muniment.stream_apps.generating.gathering import gathered

END = Finished(STOP, 3, 2, "m")
ASKED = Asked((), 5)


class Model:
    """One that is away, or writes two pieces; it remembers how its writings ended."""

    provider = model = "m"

    def __init__(self) -> None:
        self.away = False
        self.closed = 0

    def write(self, asked: Asked) -> Writing:
        """See `Writer.write`."""
        del asked
        return self._written()

    async def _written(self) -> AsyncGenerator[str | Finished, None]:
        if self.away:
            raise StepFailure(ErrorCode.PROVIDER_UNAVAILABLE, "it is away")
        try:
            yield "The tide "
            yield "comes in."
            yield END
        finally:
            self.closed += 1


class AnyNumber:
    """A limit that nobody comes near."""

    async def acquire(self, tokens: int) -> None:
        """See `RateLimit`."""


class Subject:
    """A guarded writer with a clock and all that its breaker said."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 10, tzinfo=UTC)
        self.said: list[Event] = []
        self.model = Model()
        self.breaker = Breaker("writing", now=lambda: self.now, draw=lambda: 0.5, say=self.said.append)
        self.writer = GuardedWriter(self.model, self.breaker, AnyNumber())

    async def draft(self) -> list[str | Finished]:
        """A text as a draft is written; nothing when the model is away."""
        try:
            async with aclosing(gathered(self.writer.write(ASKED), len)) as items:
                return [item async for item in items]
        except StepFailure:
            return []

    async def fail(self, times: int) -> None:
        """Drafts that find the model away."""
        self.model.away = True
        for _ in range(times):
            await self.draft()
        self.model.away = False

    @property
    def state(self) -> tuple[str, int]:
        """Of the breaker: open or not, and the failures in a row."""
        shown = self.breaker.shown()
        return shown.state, shown.failures


async def test_a_draft_that_is_written_closes_the_breaker_again() -> None:
    """After an outage one text that came to its end is enough, and it is said once."""
    subject = Subject()
    await subject.fail(5)
    assert subject.state == ("open", 5)
    subject.now += timedelta(hours=1)
    assert (await subject.draft())[-1] == END
    assert subject.state == ("closed", 0)
    assert [type(one) for one in subject.said][1:] == [BreakerClosed]


async def test_failures_with_a_success_between_are_not_in_a_row() -> None:
    """A text that came to its end clears what was counted before it."""
    subject = Subject()
    await subject.fail(2)
    await subject.draft()
    await subject.fail(4)
    assert subject.state == ("closed", 4)


async def test_whoever_stops_at_the_end_has_been_answered() -> None:
    """Answers leave their loop at `Finished`: by then the call is over, and the model's stream is closed."""
    subject = Subject()
    await subject.fail(2)
    async with aclosing(subject.writer.write(ASKED)) as writing:
        items = []
        async for item in writing:
            items.append(item)
            if isinstance(item, Finished):
                break
        assert (subject.state, subject.model.closed) == (("closed", 0), 1)
    assert items == ["The tide ", "comes in.", END]


async def test_whoever_stops_before_the_end_says_nothing_of_the_model() -> None:
    """A reader who left in the middle neither clears nor adds to what was counted, and the stream is closed."""
    subject = Subject()
    await subject.fail(2)
    async with aclosing(subject.writer.write(ASKED)) as writing:
        assert await anext(writing) == "The tide "
    assert (subject.state, subject.model.closed) == (("closed", 2), 1)
