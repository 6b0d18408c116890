"""A reader of a project who leaves and comes back: nothing is missed or told twice, whatever came in meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.feed import NOW, MemoryFeed, job_row
from support.listening import Event, events_of

from muniment.api.live import looking
from muniment.api.live import stream as streams
from muniment.api.live.hub import Hub
from muniment.api.live.watch import Watch
from muniment.api.project_reads.answers import Happened
from muniment.api.projects.following import Following, beginning, place_in
from muniment.api.settings import ApiSettings
from muniment.projections.jobs.feed_mark import from_id

WHOSE = ("acme", UUID(int=1))
DOCUMENTS = 3


@dataclass
class House:
    """A project in memory, as `ProjectReads` and `ProjectNews` show it, and a feed with one job of each document."""

    feed: MemoryFeed = field(default_factory=MemoryFeed)
    facts: list[str] = field(default_factory=lambda: ["ProjectCreated"])
    came_in: dict[UUID, int] = field(default_factory=dict)
    gone: set[UUID] = field(default_factory=set)
    heard: set[asyncio.Event] = field(default_factory=set)
    told: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        usual = {"state": "running", "step": "embedding", "total": 1000, "unit": "chunks", "started_at": NOW}
        self.jobs = [job_row(**usual, done=0) for _ in range(DOCUMENTS)]

    def work(self, number: int) -> None:
        """The job of a document goes on."""
        row = self.jobs[number]
        self.jobs[number] = self.feed.say(replace(row, done=(row.done or 0) + 1))
        self.told("jobs")

    def change(self, number: int) -> None:
        """A document comes in; one that is in is taken out, and stays out."""
        document_id = self.jobs[number].document_id
        if document_id in self.gone:
            return
        if self.came_in.pop(document_id, None) is None:
            self.came_in[document_id] = len(self.facts)
        else:
            self.gone.add(document_id)
        self.say("ProjectDocumentsChanged")

    def say(self, fact: str = "ProjectUpdated") -> None:
        """Something happens to the project."""
        self.facts.append(fact)
        for heard in self.heard:
            heard.set()

    @contextmanager
    def listening(self, _: Any) -> Iterator[asyncio.Event]:
        """See `ProjectNews`."""
        heard = asyncio.Event()
        self.heard.add(heard)
        yield heard
        self.heard.discard(heard)

    async def last(self, *_: Any) -> int:
        """See `ProjectReads`."""
        await asyncio.sleep(0)
        return len(self.facts) - 1

    async def project(self, *_: Any) -> None:
        """See `ProjectReads`; how it is matters nothing here."""

    async def everything_in(self, tenant: str, project_id: UUID, up_to: int) -> dict[UUID, int]:
        """See `ProjectReads`."""
        del tenant, project_id
        await asyncio.sleep(0)
        return {document_id: at for document_id, at in self.came_in.items() if at <= up_to}

    async def happened(self, tenant: str, project_id: UUID, after: int, limit: int) -> list[Happened]:
        """See `ProjectReads`."""
        del tenant, project_id
        await asyncio.sleep(0)
        nothing = dict.fromkeys(("episode_id", "draft_id", "job_id", "revision", "number", "code"))
        return [
            Happened(event_id=uuid4(), offset=n, event=fact, actor="key:a", at=NOW, **nothing)  # type: ignore[arg-type]
            for n, fact in enumerate(self.facts)
            if n > after
        ][:limit]


@dataclass
class Reader:
    """What somebody received; `gate`, when cleared, keeps it from taking anything in."""

    received: bytes = b""
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def write(self, data: bytes) -> None:
        """Take in what is sent."""
        await self.gate.wait()
        self.received += data

    @property
    def events(self) -> list[Event]:
        """What was told."""
        return events_of(self.received.decode())

    async def until(self, true: Callable[[list[Event]], Any]) -> None:
        """Wait until that is so of what was told."""
        async with asyncio.timeout(60):
            while not true(self.events):  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)


@asynccontextmanager
async def following(house: House, last_id: str | None = None) -> AsyncIterator[Reader]:
    """A reader on an instance of its own."""
    after, mark_id = place_in(last_id) if last_id else (None, None)
    async with Hub(house.feed, ApiSettings()) as hub:
        house.told = hub.moved
        reads = cast("Any", house)
        place, members = await beginning(reads, WHOSE, after)
        watch = Watch("acme", project_id=WHOSE[1], members=members)
        jobs = hub.open(watch, "key", from_id(mark_id) if mark_id else None, mark_id)
        stream = Following(reads, reads, WHOSE, jobs=jobs, members=members, after=place, fresh=after is None)
        reader = Reader()
        reader.gate.set()
        task = asyncio.create_task(stream.run(reader.write))
        try:
            yield reader
        finally:
            reader.gate.set()
            stream.end()
            async with asyncio.timeout(60):
                await task
            hub.release(jobs)


def known(events: list[Event]) -> dict[str, list[int]]:
    """By job what was told of its progress, in order; those of a snapshot, too."""
    found: dict[str, list[int]] = {}
    for event in events:
        jobs = event.data["jobs"] if event.name == "snapshot" else [event.data] if event.name == "job" else []
        for job in jobs:
            found.setdefault(job["job_id"], []).append(job["progress"]["done"])
    return found


def facts(events: list[Event]) -> list[int]:
    """The places of the facts that were told."""
    return [event.data["offset"] for event in events if event.name == "happened"]


def settled(house: House) -> Callable[[list[Event]], bool]:
    """Whether all there is to tell by now was told: the last fact, and of each document in the project its job."""
    begun = {change.job_id for change in house.feed.changes}
    inside = [job for job in house.jobs if job.document_id in house.came_in and job.job_id in begun]

    def true(events: list[Event]) -> bool:
        told = known(events)
        lately = all(told.get(str(job.job_id), [-1])[-1] == job.done for job in inside)
        return lately and (len(house.facts) - 1 in {*facts(events), *begun_at(events)})

    return true


def begun_at(events: list[Event]) -> list[int]:
    """The places from which readers who were told nothing began."""
    return [place_in(event.event_id or "")[0] for event in events if event.name == "snapshot"]


steps = st.lists(
    st.tuples(st.sampled_from(["work", "work", "change", "say"]), st.integers(0, DOCUMENTS - 1), st.booleans()),
    min_size=1,
    max_size=14,
)


async def taken(house: House, story: list[tuple[str, int, bool]], *, online: bool) -> None:
    """Let these things happen, some at once, some apart."""
    for name, number, apart in story:
        house.say() if name == "say" else getattr(house, name)(number)
        if apart and online:
            await asyncio.sleep(0.03)


@given(steps, steps, st.data())
@settings(max_examples=40, deadline=None)
def test_after_any_cut_the_rest_is_told_once(
    before: list[tuple[str, int, bool]], meanwhile: list[tuple[str, int, bool]], data: st.DataObject
) -> None:
    """Whoever comes back with any id he was given knows of everything in the end, and heard of nothing twice."""

    async def run() -> None:
        house = House()
        house.change(0)
        for number in range(DOCUMENTS):
            house.work(number)
        async with following(house) as reader:
            await reader.until(begun_at)
            await taken(house, before, online=True)
            if data.draw(st.booleans()):
                await reader.until(settled(house))
            heard = reader.events
        ids = [n for n, event in enumerate(heard) if event.event_id]
        cut = data.draw(st.sampled_from(ids))
        await taken(house, meanwhile, online=False)
        async with following(house, heard[cut].event_id) as reader:
            await reader.until(lambda events: settled(house)(heard[: cut + 1] + events))
            await asyncio.sleep(0.06)
            told = heard[: cut + 1] + reader.events
        assert facts(told) == list(range(begun_at(told)[0] + 1, len(house.facts)))
        for progress in known(told).values():
            assert progress == sorted(set(progress))

    asyncio.run(run())


@pytest.mark.parametrize("taken_in", [False, True])
async def test_who_falls_behind_as_a_document_comes_in_is_told_of_it(taken_in: bool) -> None:
    """Whether what tells of it waits with what is dropped, or is on its way just then."""
    house = House()
    house.change(1)
    async with following(house) as reader:
        await reader.until(begun_at)
        reader.gate.clear()
        house.work(0)
        if not taken_in:
            house.work(1)
            await asyncio.sleep(0.1)
        house.change(0)
        await asyncio.sleep(0.1)
        for _ in range(streams.WAITING + 1):
            house.work(1)
        await asyncio.sleep(0.2)
        reader.gate.set()
        await reader.until(settled(house))
        house.work(0)
        await reader.until(settled(house))
        last = [event.event_id for event in reader.events if event.event_id][-1]
    told = known(reader.events)
    assert told[str(house.jobs[0].job_id)] == [1, 2]
    assert told[str(house.jobs[1].job_id)] == list(range(1, streams.WAITING + 2 + (not taken_in)))
    assert facts(reader.events) == [2]
    async with following(house, last) as reader:
        house.say()
        await reader.until(facts)
        await asyncio.sleep(0.1)
    assert known(reader.events) == {}


async def test_documents_that_come_in_one_after_another_are_each_told_of() -> None:
    """Though the reader is slow to take in the first."""
    house = House()
    for number in range(DOCUMENTS):
        house.work(number)
    async with following(house) as reader:
        await reader.until(begun_at)
        reader.gate.clear()
        for number in range(DOCUMENTS):
            house.change(number)
            await asyncio.sleep(0.1)
        reader.gate.set()
        await reader.until(settled(house))
    assert sorted(known(reader.events).values()) == [[1]] * DOCUMENTS
    assert facts(reader.events) == [1, 2, 3]


async def test_many_documents_that_come_in_at_once_are_followed_without_their_past(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of more than so many no job is told as it was; what becomes of them is."""
    monkeypatch.setattr(looking, "MOST_ADMITTED", 0)
    house = House()
    house.work(0)
    async with following(house) as reader:
        await reader.until(begun_at)
        house.change(0)
        await reader.until(facts)
        assert known(reader.events) == {}
        house.work(0)
        await reader.until(settled(house))
    assert known(reader.events) == {str(house.jobs[0].job_id): [2]}
