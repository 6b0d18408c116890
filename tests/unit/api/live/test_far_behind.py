"""Readers whose tenant search is far behind with, and readers whose beginning fails: they stop nobody else."""

import asyncio
from collections import Counter

import pytest
from support.feed import NOW, MemoryFeed, job_row
from support.listening import Listener, listen

from muniment.api.live import looking
from muniment.api.live import telling as tellings
from muniment.api.live.catching_up import Now, Page
from muniment.api.live.feed import Moment
from muniment.api.live.hub import Hub
from muniment.api.live.watch import Watch
from muniment.api.settings import ApiSettings
from muniment.projections.jobs.feed_mark import HELD, Mark, from_id, to_id
from muniment.projections.jobs.queries import JobRow

ACME = Watch("acme")


async def begun(reader: Listener) -> Listener:
    """The reader, once it has its snapshot."""
    await reader.until(lambda r: any(e.name == "snapshot" for e in r.events))
    return reader


def ends(feed: MemoryFeed, count: int) -> list[JobRow]:
    """So many jobs end that search has not come to."""
    rows = [job_row(state="succeeded", step="indexing", version=1, finished_at=NOW) for _ in range(count)]
    feed.unseen |= {(row.document_id, 1) for row in rows}
    return [feed.say(row) for row in rows]


def told(reader: Listener, row: JobRow) -> list[str]:
    """The names of the events in which a reader was told of a job."""
    return [e.name for e in reader.jobs if e.data["job_id"] == str(row.job_id)]


async def test_a_reader_far_behind_search_stops_nobody() -> None:
    """However many ends search has not come to: who comes back is told, every id is good, and so are other tenants."""
    feed = MemoryFeed()
    async with Hub(feed, ApiSettings()) as hub:
        other, first = await begun(listen(hub, Watch("umbrella"))), await begun(listen(hub, ACME))
        rows = ends(feed, 2700)
        hub.moved("jobs")
        await first.until(lambda r: r.received.count(b"event: job\n") >= 2700)
        await first.leave()
        rows += ends(feed, 450)
        back = listen(hub, ACME, first.stream.mark)
        await back.until(lambda r: r.stream.joined)
        feed.say(job_row("umbrella", state="running", step="embedding", started_at=NOW))
        hub.moved("jobs")
        await other.until(lambda r: r.jobs, 10)
        feed.unseen.clear()
        hub.moved("chunks")
        await back.until(lambda r: r.received.count(b"event: end\n") >= 450 + HELD)
        events = [*first.events, *back.events]
        assert all(from_id(event.event_id) for event in events[::20] if event.event_id)
        heard = Counter((event.name, event.data.get("job_id")) for event in events)
        assert all(heard[name, str(row.job_id)] == 1 for row in rows for name in ("job", "end"))


async def test_an_end_that_was_given_up_is_told_once_to_whoever_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the same instance, which told it while he was away, and on another, which began to look later."""
    for module in (tellings, looking):
        monkeypatch.setattr(module, "HELD", 2)
    feed = MemoryFeed()
    async with Hub(feed, ApiSettings()) as hub, Hub(feed, ApiSettings()) as elsewhere:
        [row] = ends(feed, 1)
        wide, single = await begun(listen(hub, ACME)), await begun(listen(hub, Watch("acme", row.job_id)))
        await single.leave()
        later = ends(feed, 3)
        hub.moved("jobs")
        await wide.until(lambda r: told(r, row) == ["end"])
        back = listen(hub, Watch("acme", row.job_id), single.stream.mark)
        await back.until(lambda r: told(r, row) == ["end"])
        await wide.until(lambda r: told(r, later[0]) == ["job", "end"])
        await wide.leave()
        feed.unseen -= {(one.document_id, 1) for one in later[1:]}
        await begun(listen(elsewhere, ACME))
        there = listen(elsewhere, ACME, wide.stream.mark)
        await there.until(lambda r: told(r, later[2]) == ["end"])
        feed.unseen.clear()
        elsewhere.moved("chunks")
        await asyncio.sleep(0.1)
        assert [told(there, one) for one in (row, *later)] == [[], [], ["end"], ["end"]]


@pytest.mark.parametrize("ever", [False, True])
async def test_a_beginning_that_fails_holds_up_nobody(monkeypatch: pytest.MonkeyPatch, ever: bool) -> None:
    """The stream begins anew, or is told to come back; whoever joins with it, and all others, are told on."""
    feed = MemoryFeed()
    asked = looking.catching_up.now

    async def failing(moment: Moment, watch: Watch) -> Now:
        if watch.lane == "bulk":
            raise ValueError("no such thing")
        return await asked(moment, watch)

    async def failing_too(*_: object) -> Page:
        raise ValueError("not an event id")

    async with Hub(feed, ApiSettings()) as hub:
        other = await begun(listen(hub, Watch("umbrella")))
        mark_id = to_id(Mark(NOW, {}))
        if ever:
            monkeypatch.setattr(looking.catching_up, "now", failing)
        back = Listener(hub, hub.open(Watch("acme", lane="bulk"), "key", Mark(NOW, {}), mark_id))
        back.stream.caught_up()
        monkeypatch.setattr(looking.catching_up, "missed", failing_too)
        back.start()
        beside = await begun(listen(hub, ACME))
        feed.say(job_row("umbrella", state="running", step="embedding", started_at=NOW))
        hub.moved("jobs")
        await other.until(lambda r: r.jobs, 10)
        await back.until(lambda r: r.events[-1].name in {"snapshot", "reconnect"} if r.events else False)
        assert [e.name for e in back.events] == ["reset", "reconnect" if ever else "snapshot"]
        assert beside.stream.joined
