"""Reading on from a mark: any cut, any page size, whatever search had come to meanwhile."""

import asyncio
from dataclasses import replace
from unittest.mock import patch
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from support.feed import NOW, MemoryFeed, job_row
from support.listening import Event, events_of

from muniment.api.live import telling
from muniment.api.live.catching_up import missed
from muniment.api.live.watch import Watch
from muniment.projections.jobs.feed_mark import Mark, from_id

ACME = Watch("acme")
START = Mark(NOW, {})


def by_job(events: list[Event]) -> dict[str, list[tuple[str, str, int]]]:
    """What is told of each job, in its order."""
    found: dict[str, list[tuple[str, str, int]]] = {}
    for event in events:
        told = event.name, event.data["state"], event.data["tokens"]
        found.setdefault(event.data["job_id"], []).append(told)
    return found


async def read(feed: MemoryFeed, mark: Mark, limit: int) -> tuple[list[Event], Mark]:
    """All that is missed beyond a mark, read in pages of so many changes."""
    events: list[Event] = []
    while True:
        async with feed.moment() as moment:
            page = await missed(moment, ACME, mark, limit)
        events += [event for frame in page.frames for event in events_of(frame.data.decode())]
        mark = page.mark
        if not page.more:
            return events, mark


@st.composite
def stories(draw: st.DrawFn) -> list[tuple[int, int, bool]]:
    """Changes: which of four jobs, in which of three partitions of its own, and whether it ends with a version."""
    changes = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.booleans()), min_size=1, max_size=25))
    ended: set[int] = set()
    found = []
    for job, partition, ends in changes:
        if job not in ended:
            found.append((job, partition, ends))
        if ends:
            ended.add(job)
    return found


@given(stories(), st.sampled_from([1, 2, telling.HELD]), st.data())
@settings(max_examples=150, deadline=None)
def test_what_is_told_after_any_cut_is_the_rest(
    story: list[tuple[int, int, bool]], held: int, data: st.DataObject
) -> None:
    """A reader who stops after any event, and after any look of a live one, is told the rest: nothing twice.

    However few ends may be put off at once.
    """
    feed = MemoryFeed()
    rows = [job_row(state="running", step="embedding", started_at=NOW, version=1) for _ in range(4)]
    live: list[Event] = []
    mark = START

    async def play() -> None:
        nonlocal mark
        for number, (job, partition, ends) in enumerate(story):
            row = replace(rows[job], tokens=number)
            if ends:
                row = replace(row, state="succeeded", step="indexing", finished_at=NOW)
                if data.draw(st.booleans(), "search is behind"):
                    feed.unseen.add((row.document_id, 1))
            feed.say(row, partition=partition)
            if feed.unseen and data.draw(st.booleans(), "search comes to one"):
                feed.unseen.remove(min(feed.unseen, key=lambda v: v[0]))
            if data.draw(st.booleans(), "a look is made"):
                told, mark = await read(feed, mark, data.draw(st.integers(1, 4), "page"))
                live.extend(told)
        feed.unseen.clear()
        told, mark = await read(feed, mark, 100)
        live.extend(told)
        whole, _ = await read(feed, START, 100)
        assert by_job(live) == by_job(whole)
        cut = data.draw(st.integers(1, len(live)), "cut")
        rest, _ = await read(feed, from_id(live[cut - 1].event_id or ""), data.draw(st.integers(1, 4), "page"))
        assert by_job(rest) == by_job(live[cut:])

    with patch.object(telling, "HELD", held):
        asyncio.run(play())
    ends = {UUID(e.data["job_id"]): e.name for e in live}
    assert all(name == "end" for i, name in ends.items() if any(rows[j].job_id == i and e for j, _, e in story))
