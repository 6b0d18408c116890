"""One source, many readers: fast ones, slow ones, ones that leave, and none too many."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from support.feed import NOW, MemoryFeed, job_row
from support.listening import Listener, listen

from muniment.api.live import hub as hubs
from muniment.api.live.hub import Hub
from muniment.api.live.stream import WAITING
from muniment.api.live.watch import Watch
from muniment.api.problems.problem import Problem
from muniment.api.settings import ApiSettings

ACME = Watch("acme")


@asynccontextmanager
async def running(feed: MemoryFeed, settings: ApiSettings | None = None) -> AsyncIterator[Hub]:
    """A hub over the feed."""
    async with Hub(feed, settings or ApiSettings()) as hub:
        yield hub


async def begun(reader: Listener) -> Listener:
    """The reader, once it has its snapshot."""
    await reader.until(lambda r: any(e.name == "snapshot" for e in r.events))
    return reader


def steps(reader: Listener) -> list[int | None]:
    """What the reader was told of a job's progress."""
    return [e.data["progress"] and e.data["progress"]["done"] for e in reader.jobs]


def progress(feed: MemoryFeed, hub: Hub, count: int) -> None:
    """So many changes of one job."""
    row = job_row(state="running", step="embedding", total=count, unit="chunks", started_at=NOW)
    for n in range(count):
        feed.say(replace(row, done=n))
    hub.moved("jobs")


async def test_a_slow_reader_is_told_everything_and_never_more_than_so_much_waits_for_him() -> None:
    """Who takes nothing in for a while reads on from the tables: in order, nothing missed, nothing doubled."""
    feed = MemoryFeed()
    async with running(feed) as hub:
        slow, fast = await begun(listen(hub, ACME)), await begun(listen(hub, ACME))
        slow.gate.clear()
        for _ in range(6):
            progress(feed, hub, WAITING)
            await asyncio.sleep(0.05)
            assert len(slow.stream._frames) <= WAITING
        whole = list(range(WAITING)) * 6
        await fast.until(lambda r: len(r.jobs) == len(whole))
        slow.gate.set()
        await slow.until(lambda r: len(r.jobs) >= len(whole))
        await asyncio.sleep(0.1)
        assert steps(slow) == steps(fast) == whole
        progress(feed, hub, 1)
        await slow.until(lambda r: len(r.jobs) == len(whole) + 1)


async def test_many_readers_share_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of five hundred readers everyone is told, and the feed is looked at no more often than for one."""
    feed = MemoryFeed()
    async with running(feed) as hub:
        readers = [listen(hub, ACME) for _ in range(500)]
        for reader in readers:
            await begun(reader)
        # It looks because it is told to, and not for the time that this takes.
        monkeypatch.setattr(hubs, "TICK_S", 3600.0)
        before = feed.looks
        progress(feed, hub, 20)
        for reader in readers:
            await reader.until(lambda r: len(r.jobs) == 20)
        assert feed.looks - before <= 5
        assert all(steps(reader) == list(range(20)) for reader in readers)


async def test_tenants_and_jobs_are_apart() -> None:
    """A stream tells of its tenant's jobs only, and of those that its filters let through."""
    feed = MemoryFeed()
    async with running(feed) as hub:
        one, two = job_row(lane="bulk"), job_row()
        wide = await begun(listen(hub, ACME))
        bulk = await begun(listen(hub, Watch("acme", lane="bulk")))
        single = listen(hub, Watch("acme", two.job_id))
        named = await begun(listen(hub, Watch("acme", job_ids=frozenset({two.job_id}))))
        theirs = await begun(listen(hub, Watch("umbrella")))
        document = await begun(listen(hub, Watch("acme", document_id=one.document_id)))
        await asyncio.sleep(0.1)
        for row in (one, two):
            feed.say(row)
        hub.moved("jobs")
        await wide.until(lambda r: len(r.jobs) == 2)
        for reader in (bulk, document, single, named):
            await reader.until(lambda r: r.jobs)
        await asyncio.sleep(0.05)
        seen = [[e.data["job_id"] for e in r.jobs] for r in (bulk, document, single, named, theirs)]
        assert seen == [[str(one.job_id)], [str(one.job_id)], [str(two.job_id)], [str(two.job_id)], []]


async def test_a_key_has_so_many_streams_and_an_instance_too() -> None:
    """One more than allowed is refused with when to come back; a stream that has ended makes room."""
    feed, settings = MemoryFeed(), ApiSettings(streams_per_key=2, streams_max=3)
    async with running(feed, settings) as hub:
        mine = [hub.open(ACME, "a"), hub.open(ACME, "a")]
        with pytest.raises(Problem, match="too_many_streams") as refused:
            hub.open(ACME, "a")
        assert int(refused.value.headers["Retry-After"]) > 0
        hub.open(ACME, "b")
        with pytest.raises(Problem, match="too_many_streams"):
            hub.open(ACME, "c")
        hub.release(mine[0])
        hub.release(mine[0])
        hub.open(ACME, "a")


async def test_readers_are_told_to_come_back_when_the_instance_stops() -> None:
    """All streams end at once with a hint when to come back; nobody is let in any more."""
    feed = MemoryFeed()
    async with running(feed) as hub:
        readers = [await begun(listen(hub, ACME)) for _ in range(3)]
        hub.close()
        for reader in readers:
            await reader.ended()
            assert reader.events[-1].name == "reconnect"
            assert b"\nretry: " in reader.received
        with pytest.raises(Problem, match="not_ready"):
            hub.open(ACME, "a")


async def test_a_connection_is_kept_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader to whom nothing happens gets a comment now and then."""
    monkeypatch.setattr(hubs, "PING_S", 0.05)
    monkeypatch.setattr(hubs, "TICK_S", 0.02)
    async with running(MemoryFeed()) as hub:
        reader = await begun(listen(hub, ACME))
        await reader.until(lambda r: r.received.count(b": still here\n\n") > 2)


@pytest.mark.parametrize("resumed", [False, True])
async def test_readers_wait_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch, resumed: bool) -> None:
    """Looks that fail lose nothing: once the database is back, readers are told all that happened."""
    monkeypatch.setattr(hubs, "AWAY_S", 0.01)
    feed = MemoryFeed()
    async with running(feed) as hub:
        reader = await begun(listen(hub, ACME))
        feed.away = 3
        progress(feed, hub, 3)
        if resumed:
            await reader.leave()
            reader = listen(hub, ACME, reader.stream.mark)
        await reader.until(lambda r: steps(r) == [0, 1, 2])


async def test_a_fault_of_one_look_does_not_end_all_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is logged, and the next look is made."""
    monkeypatch.setattr(hubs, "AWAY_S", 0.01)
    feed = MemoryFeed()
    async with running(feed) as hub:
        reader = await begun(listen(hub, ACME))
        feed.changes.append(None)  # type: ignore[arg-type]
        hub.moved("jobs")
        await asyncio.sleep(0.1)
        feed.changes.clear()
        progress(feed, hub, 2)
        await reader.until(lambda r: steps(r) == [0, 1])


async def test_a_job_that_waits_is_told_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Places in the queue change without anything happening to the job; they carry no id."""
    monkeypatch.setattr(hubs, "QUEUE_S", 0.02)
    feed = MemoryFeed()
    first, second = feed.say(job_row()), feed.say(job_row())
    async with running(feed) as hub:
        reader = await begun(listen(hub, Watch("acme", second.job_id)))
        hub.moved("jobs")
        await reader.until(lambda r: [e for e in r.events if e.name == "queue"])
        await asyncio.sleep(0.05)
        feed.say(replace(first, state="running", started_at=NOW))
        hub.moved("jobs")
        await reader.until(lambda r: len([e for e in r.events if e.name == "queue"]) == 2)
        places = [e for e in reader.events if e.name == "queue"]
        assert [e.data["positions"][str(second.job_id)] for e in places] == [2, 1]
        assert {e.event_id for e in places} == {None}


async def test_jobs_that_are_named_are_told_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """However far behind they are, which a stream of all jobs is not told; and only as long as they wait."""
    monkeypatch.setattr(hubs, "QUEUE_S", 0.02)
    feed = MemoryFeed()
    rows = [feed.say(job_row()) for _ in range(30)]
    ahead, behind = rows[24], rows[29]
    async with running(feed) as hub:
        named = await begun(listen(hub, Watch("acme", job_ids=frozenset({ahead.job_id, behind.job_id}))))
        wide = await begun(listen(hub, ACME))
        hub.moved("jobs")
        await named.until(places)
        await wide.until(places)
        assert places(named) == [{str(ahead.job_id): 25, str(behind.job_id): 30}]
        assert places(wide) == [{str(row.job_id): n for n, row in enumerate(rows[:20], 1)}]
        feed.say(replace(ahead, state="running", started_at=NOW))
        hub.moved("jobs")
        await named.until(lambda r: len(places(r)) == 2)
        assert places(named)[1] == {str(behind.job_id): 29}
        assert named.stream.waiting == {behind.job_id}


async def test_who_comes_back_to_a_job_that_waits_is_told_its_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Although nothing has happened to the job meanwhile."""
    monkeypatch.setattr(hubs, "QUEUE_S", 0.02)
    feed = MemoryFeed()
    row = feed.say(job_row())
    async with running(feed) as hub:
        reader = await begun(listen(hub, Watch("acme", row.job_id)))
        await reader.leave()
        back = listen(hub, Watch("acme", row.job_id), reader.stream.mark)
        await back.until(places)
        assert places(back) == [{str(row.job_id): 1}]


async def test_all_who_look_on_are_told_when_the_first_places_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when as many wait as before."""
    monkeypatch.setattr(hubs, "QUEUE_S", 0.02)
    feed = MemoryFeed()
    first, second = feed.say(job_row()), feed.say(job_row())
    async with running(feed) as hub:
        wide = await begun(listen(hub, ACME))
        await wide.until(places)
        feed.say(replace(first, state="running", started_at=NOW))
        third = feed.say(job_row())
        hub.moved("jobs")
        await wide.until(lambda r: len(places(r)) == 2)
        assert places(wide)[1] == {str(second.job_id): 1, str(third.job_id): 2}


def places(reader: Listener) -> list[dict[str, int]]:
    """The places in the queue that a reader was told, one look after the other."""
    return [event.data["positions"] for event in reader.events if event.name == "queue"]


async def test_nobody_listening_costs_nothing() -> None:
    """Without a reader the feed is not looked at, whatever moves."""
    feed = MemoryFeed()
    async with running(feed) as hub:
        progress(feed, hub, 5)
        await asyncio.sleep(0.1)
        assert feed.looks == 0
