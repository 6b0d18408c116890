"""Looks for commands on the log: right for everybody who asks, and few however many ask."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.producers import command_look, command_window
from muniment.producers.command_look import SLACK, CommandLook
from muniment.producers.command_window import Place
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.record import Position, Record

TOPIC = "commands"
PLACES = [(TOPIC, 0), (TOPIC, 1)]
THEN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Log:
    """A topic with two partitions in memory; counts how often it is opened, and what is read of it."""

    kept: dict[Place, list[tuple[datetime, str]]] = field(default_factory=lambda: {place: [] for place in PLACES})
    begin: int = 0
    opened: int = 0
    passes: int = 0
    read_records: int = 0
    away: bool = False
    silent: bool = False

    def add(self, command_id: str, partition: int, at: datetime = THEN) -> None:
        """A command is published."""
        self.kept[TOPIC, partition].append((at, command_id))

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Log"]:
        """A reader."""
        self.opened += 1
        await asyncio.sleep(0)
        if self.away:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "away")
        try:
            yield self
        except TimeoutError:
            raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "too long") from None

    async def partitions(self, topics: Iterable[str]) -> list[Place]:
        """See `LogSpans`."""
        assert list(topics) == [TOPIC]
        return PLACES

    async def extents(self, places: Sequence[Place]) -> dict[Place, tuple[int, int]]:
        """See `LogSpans`."""
        self.passes += 1
        return {place: (min(self.begin, len(self.kept[place])), len(self.kept[place])) for place in places}

    async def since(self, places: Sequence[Place], moment: datetime) -> dict[Place, int | None]:
        """See `LogSpans`."""
        await asyncio.sleep(0)
        return {
            place: next((n for n, (at, _) in enumerate(self.kept[place]) if at >= moment and n >= self.begin), None)
            for place in places
        }

    async def read(self, place: Place, first: int, end: int) -> AsyncIterator[list[Record]]:
        """See `LogSpans`."""
        assert self.begin <= first < end <= len(self.kept[place]), "reads what is there"
        if self.silent:
            await asyncio.sleep(3600)
        for offset in range(first, end):
            await asyncio.sleep(0)
            self.read_records += 1
            headers = (("ce_id", self.kept[place][offset][1].encode()),)
            yield [Record(TOPIC, b"", b"", headers, partition=place[1], offset=offset)]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reader does not linger."""
    monkeypatch.setattr(command_look, "LINGER_S", 0.01)


async def test_those_who_ask_at_once_are_answered_by_two_passes() -> None:
    """One is under way when the others come, and they share the next: each is told the truth, with one reader."""
    log = Log()
    ids = [str(uuid4()) for _ in range(50)]
    for number, one in enumerate(ids[:40]):
        log.add(one, number % 2)
    look = CommandLook(TOPIC, log.open)
    answers = await asyncio.gather(*(look.first(frozenset([one]), THEN) for one in ids))
    assert [set(answer) for answer in answers] == [{one} for one in ids[:40]] + [set()] * 10
    assert (log.opened, log.passes) == (1, 1)
    assert log.read_records == 40


async def test_who_asks_while_a_pass_is_under_way_sees_what_came_meanwhile() -> None:
    """What a pass began to read before somebody asked says nothing of what was published just before the question."""
    log = Log()
    for _ in range(20):
        log.add(str(uuid4()), 0)
    look = CommandLook(TOPIC, log.open)
    early = asyncio.create_task(look.first(frozenset(["late"]), THEN))
    while not log.read_records:  # noqa: ASYNC110 - until the pass reads
        await asyncio.sleep(0)
    log.add("late", 0)
    assert await look.first(frozenset(["late"]), THEN) == {"late": Position(TOPIC, 0, 20)}
    assert await early == {}
    assert (log.opened, log.passes, log.read_records) == (1, 2, 21), "only what is new is read"


async def test_what_lies_between_two_looks_is_not_read_where_nobody_asks_for_it() -> None:
    """Days after the last look somebody asks for what was sent a minute ago: it begins there."""
    log, later = Log(), THEN + timedelta(days=4)
    log.add("first", 0)
    look = CommandLook(TOPIC, log.open)
    assert await look.first(frozenset(["first"]), THEN)
    for number in range(200):
        log.add(str(number), 0, THEN + timedelta(hours=1))
    log.add("late", 0, later)
    assert await look.first(frozenset(["late"]), later) == {"late": Position(TOPIC, 0, 201)}
    assert log.read_records == 2


async def test_the_first_of_two_occurrences_counts() -> None:
    """Whatever is read later, and whoever had not asked for it before."""
    log = Log()
    log.add("twice", 1)
    look = CommandLook(TOPIC, log.open)
    assert await look.first(frozenset(["other"]), THEN) == {}
    log.add("twice", 1)
    assert await look.first(frozenset(["twice"]), THEN) == {"twice": Position(TOPIC, 1, 0)}


async def test_a_log_that_is_away_is_told_to_all_who_ask_and_asked_again() -> None:
    """Nobody waits for an answer that nobody brings."""
    log = Log(away=True)
    look = CommandLook(TOPIC, log.open)
    told = await asyncio.gather(*(look.first(frozenset(["a"]), THEN) for _ in range(5)), return_exceptions=True)
    assert [getattr(one, "code", None) for one in told] == [ErrorCode.LOG_UNAVAILABLE] * 5
    log.away = False
    log.add("a", 0)
    assert await look.first(frozenset(["a"]), THEN) == {"a": Position(TOPIC, 0, 0)}


async def test_a_pass_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asked is told so, and the next one is answered."""
    monkeypatch.setattr(command_look, "PATIENCE_S", 0.02)
    log = Log(silent=True)
    log.add("a", 0)
    look = CommandLook(TOPIC, log.open)
    with pytest.raises(StepFailure, match="too long"):
        await look.first(frozenset(["a"]), THEN)
    log.silent = False
    monkeypatch.setattr(command_look, "PATIENCE_S", 5.0)
    assert await look.first(frozenset(["a"]), THEN) == {"a": Position(TOPIC, 0, 0)}


async def test_who_goes_away_holds_up_nobody() -> None:
    """The others who wait for the same pass get their answers."""
    log = Log()
    log.add("a", 0)
    look = CommandLook(TOPIC, log.open)
    gone = asyncio.create_task(look.first(frozenset(["a"]), THEN))
    stays = asyncio.create_task(look.first(frozenset(["a"]), THEN))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == {"a": Position(TOPIC, 0, 0)}


async def test_a_topic_that_was_made_anew_is_read_anew() -> None:
    """Its end went back: what was read before lies nowhere any more."""
    log = Log()
    log.add("old", 0)
    log.add("old too", 0)
    look = CommandLook(TOPIC, log.open)
    assert len(await look.first(frozenset(["old", "old too"]), THEN)) == 2
    log.kept[TOPIC, 0] = [(THEN, "new")]
    assert await look.first(frozenset(["old", "new"]), THEN) == {"new": Position(TOPIC, 0, 0)}


@dataclass(frozen=True)
class Publish:
    """A command is published, so many minutes after what came before."""

    number: int
    later: int


@dataclass(frozen=True)
class Look:
    """Somebody looks for commands, from so many minutes ago on."""

    wanted: frozenset[int]
    back: int


@dataclass(frozen=True)
class Expire:
    """The log loses what lies before an offset."""

    begin: int


NUMBERS = st.integers(0, 9)
STEPS = st.lists(
    st.one_of(
        st.builds(Publish, NUMBERS, st.integers(0, 3)),
        st.builds(Look, st.frozensets(NUMBERS, min_size=1), st.integers(0, 8)),
        st.builds(Expire, st.integers(0, 3)),
    ),
    max_size=25,
)


@given(STEPS, st.integers(0, 6))
def test_looks_find_what_a_look_from_the_beginning_would(steps: list[Publish | Look | Expire], most: int) -> None:
    """Whatever was asked before, however little is remembered, and whatever the log lost meanwhile."""
    asyncio.run(_lived(steps, most))


async def _lived(steps: list[Publish | Look | Expire], most: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(command_window, "MOST", most)
        patch.setattr(command_look, "LINGER_S", 0.0)
        log, now = Log(), THEN
        look = CommandLook(TOPIC, log.open)
        for step in steps:
            if isinstance(step, Publish):
                now += timedelta(minutes=step.later)
                # The same command always goes to the same partition, as it has one key.
                log.add(str(step.number), step.number % 2, now)
            elif isinstance(step, Expire):
                log.begin = max(log.begin, min(step.begin, *map(len, log.kept.values())))
            else:
                wanted, since = frozenset(map(str, step.wanted)), now - timedelta(minutes=step.back)
                found = await look.first(wanted, since)
                there = naive(log, wanted, since - SLACK, log.begin)
                # What it read for others, or before the log lost it, it may know besides: that is true, too.
                ever = naive(log, wanted, THEN - SLACK, 0)
                assert there.keys() <= found.keys() <= ever.keys()
                assert all(found[one].offset <= there[one].offset for one in there)
                assert all(found[one].offset >= ever[one].offset for one in found)


def naive(log: Log, wanted: frozenset[str], since: datetime, begin: int) -> dict[str, Position]:
    """By looking at every record."""
    found: dict[str, Position] = {}
    for place, records in log.kept.items():
        for offset, (at, one) in enumerate(records):
            if one in wanted and at >= since and offset >= begin:
                found.setdefault(one, Position(TOPIC, place[1], offset))
    return found
