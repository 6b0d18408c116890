"""The text of a draft as one reader is told it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.key_ring import MemoryKeyRing

from muniment.api.problems.problem import Problem
from muniment.api.script_reads.following import Following, job_key
from muniment.api.script_reads.streams import DraftStreams
from muniment.api.settings import ApiSettings
from muniment.producers.draft_pieces import SILENT_S, DraftMemory
from muniment.producers.log_codec import LogCodec
from muniment.projections.scripts.queries import DraftRow
from muniment.projections.scripts.state import Draft
from muniment.schemas.metadata import Metadata
from muniment.schemas.scripts import DraftStreamed

JOB, DRAFT, PROJECT = (UUID(int=n) for n in range(1, 4))
TENANT = "acme"


class Desk:
    """A draft that is being written, and the memory of a process that shows it."""

    def __init__(self) -> None:
        self.ring = MemoryKeyRing()
        self.codec = LogCodec(self.ring)
        self.memory = DraftMemory()
        self.draft = Draft(TENANT, DRAFT, PROJECT, PROJECT, DRAFT, state="prompted", job_id=JOB)
        self.offset = 10
        self.seen: list[tuple[str, str, Any]] = []

    async def say(self, *texts: str, attempt: int = 1, first: int = 0, now: float = 0.0) -> None:
        """Pieces reach the log, and so the memory."""
        await self.ring.create(TENANT, DRAFT)
        for index, text in enumerate(texts, first):
            event = DraftStreamed(
                project_id=PROJECT, draft_id=DRAFT, job_id=JOB, attempt=attempt, index=index, text=text, tokens=index
            )
            meta = Metadata(uuid4(), TENANT, JOB, JOB, datetime(2026, 1, 1, tzinfo=UTC), "test")
            self.offset += 1
            record = replace(await self.codec.encode(event, meta), partition=0, offset=self.offset)
            self.memory.take(record, now)

    def ends(self, state: str = "written") -> None:
        """What becomes of it shows."""
        self.draft = replace(self.draft, state=state)
        self.memory.wake_all()

    async def look(self) -> DraftRow | None:
        return DraftRow(self.draft, (), current=False)

    async def write(self, data: bytes) -> None:
        for block in data.decode().split("\n\n"):
            lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "event" in lines:
                self.seen.append((lines["event"], lines.get("id", ""), json.loads(lines["data"])))

    def reader(self, after: int | None = None) -> Following:
        """A reader, with the id of the last event that it has seen."""
        key = job_key(TENANT, JOB)
        ending = lambda row: {"state": row.draft.state}  # noqa: E731
        return Following(self.memory, self.codec, key, look=self.look, ending=ending, after=after)

    @asynccontextmanager
    async def reading(self, after: int | None = None) -> AsyncIterator[None]:
        """A reader who looks on meanwhile, to the end."""
        task = asyncio.create_task(self.reader(after).run(self.write))
        await asyncio.sleep(0)
        yield
        await asyncio.wait_for(task, 60)

    @property
    def told(self) -> list[tuple[str, Any]]:
        """The events so far, each by what matters."""
        return [(kind, data["text"] if "text" in data else data["state"]) for kind, _, data in self.seen]

    async def until(self, count: int) -> None:
        """Wait for so many events."""
        async with asyncio.timeout(60):
            while len(self.seen) < count:  # noqa: ASYNC110 - what writes there knows no event
                await asyncio.sleep(0.01)


@pytest.fixture
def desk() -> Desk:
    """A desk."""
    return Desk()


async def test_pieces_are_told_as_they_come(desk: Desk) -> None:
    """First what there is (nothing), then each piece, then the end; every piece has its place on the log as its id."""
    async with desk.reading():
        await desk.until(1)
        for text in ("So ", "it ", "is."):
            await desk.say(text, first=["So ", "it ", "is."].index(text))
            await desk.until(len(desk.seen) + 1)
        desk.ends()
    assert desk.told == [("snapshot", ""), ("snapshot", "So "), ("token", "it "), ("token", "is."), ("end", "written")]
    assert [event_id for _, event_id, _ in desk.seen] == ["", "11", "12", "13", ""]


async def test_who_comes_late_is_told_the_text_so_far(desk: Desk) -> None:
    """As one snapshot, and goes on from there."""
    await desk.say("So ", "it ")
    async with desk.reading():
        await desk.until(1)
        await desk.say("is.", first=2)
        desk.ends()
    assert desk.told == [("snapshot", "So it "), ("token", "is."), ("end", "written")]


async def test_who_comes_back_is_told_the_rest(desk: Desk) -> None:
    """Nothing twice and nothing left out, from any piece that is still known; else a snapshot of all."""
    await desk.say("So ", "it ", "is.")
    desk.ends()
    for after, told in ((11, ["it ", "is."]), (13, []), (7, ["So it is."])):
        desk.seen.clear()
        async with desk.reading(after):
            pass
        assert [data["text"] for kind, _, data in desk.seen if kind != "end"] == told


async def test_a_later_try_begins_the_text_anew(desk: Desk) -> None:
    """Also one that was killed and repeated under the same number: its first piece takes the place of all before."""
    await desk.say("Wrong ")
    async with desk.reading():
        await desk.until(1)
        await desk.say("Wrong ", "again ")
        await desk.until(2)
        await desk.say("Right.", attempt=2)
        desk.ends()
    assert desk.told == [
        ("snapshot", "Wrong "),
        ("snapshot", "Wrong again "),
        ("snapshot", "Right."),
        ("end", "written"),
    ]


async def test_of_an_erased_draft_no_word_is_told_though_its_pieces_are_in_memory(desk: Desk) -> None:
    """They lie there sealed, under a key that is gone."""
    await desk.say("quagga")
    await desk.ring.destroy(TENANT, DRAFT)
    desk.ends("erased")
    async with desk.reading():
        pass
    assert desk.told == [("snapshot", ""), ("end", "erased")]


async def test_a_process_that_stops_sends_its_readers_elsewhere(desk: Desk) -> None:
    """Each is told to come back; no more are let in, and those that went are not counted any more."""
    streams = DraftStreams(desk.memory, ApiSettings(streams_per_key=1))
    following = streams.open(desk.reader(), "key")
    with pytest.raises(Problem, match="too_many_streams"):
        streams.open(desk.reader(), "key")
    task = asyncio.create_task(following.run(desk.write))
    await desk.until(1)
    streams.close()
    await asyncio.wait_for(task, 60)
    assert desk.seen[-1][:1] == ("reconnect",)
    streams.release(following)
    with pytest.raises(Problem, match="not_ready"):
        streams.open(desk.reader(), "key")


async def test_the_memory_is_bounded_and_keeps_what_is_being_written(desk: Desk) -> None:
    """The drafts that were told of least lately go first; a draft of which nothing was heard for long goes, too."""
    small = DraftMemory(bytes_most=3000)
    await desk.say(*"abcdefgh")
    [piece] = desk.memory.pieces(job_key(TENANT, JOB), desk.offset - 1)
    headers = tuple((n, v) for n, v in piece.headers if n != "correlation_id")
    for number in range(20):
        key = ("correlation_id", str(UUID(int=number)).encode())
        small.take(replace(piece, headers=(*headers, key), offset=number), float(number))
    kept = [n for n in range(20) if small.pieces((TENANT, str(UUID(int=n))))]
    assert kept == list(range(kept[0], 20))
    assert 1 <= len(kept) < 10
    small.take(replace(piece, headers=(*headers, ("correlation_id", b"x")), offset=99), SILENT_S + 30)
    assert not any(small.pieces((TENANT, str(UUID(int=n)))) for n in range(20))
    assert len(small.pieces((TENANT, "x"))) == 1


async def test_a_record_that_is_read_twice_is_one_piece(desk: Desk) -> None:
    """A consumer that begins anew reads some again."""
    await desk.say("So ", "it ")
    for record in desk.memory.pieces(job_key(TENANT, JOB)):
        desk.memory.take(record, 0.0)
    assert len(desk.memory.pieces(job_key(TENANT, JOB))) == 2
