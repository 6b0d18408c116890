"""Lanes in processes of their own, on the real broker: the same rows, whatever becomes of the processes."""

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from typing import Any, Never
from uuid import uuid4

import psutil
import pytest
from projected_story import DIMENSIONS, Log, Story
from support.codec_apart import refused, without_keys
from support.key_ring import OwnKeys
from support.replayed import Sender, folded_anew

from muniment.producers.log_codec import LogCodec
from muniment.projections.config import ProjectionsConfig
from muniment.projections.fold import PoisonRecord
from muniment.projections.projection import Projection
from muniment.projections.registry import projection
from muniment.projections.replaying.digest import fingerprint
from muniment.projections.replaying.load import Stopped
from muniment.projections.replaying.processes import Processes
from muniment.projections.replaying.replay import How, Progress, replay
from muniment.projections.replaying.share import Share
from muniment.projections.verifying.verify import Look, verify
from muniment.schemas.record import Record
from muniment.schemas.topics import CHUNKS, DLQ, DOCUMENTS, EMBEDDINGS

READ = {DOCUMENTS.name, DLQ.name, CHUNKS.name, EMBEDDINGS.name}
SMALL = 10


CODEC = LogCodec(OwnKeys())
"""To which every key is destroyed, in whatever process."""


@dataclass
class NotAsked:
    """Processes that must not be asked for."""

    least: int
    most: int

    async def fold(self, shares: Sequence[Share], *_: Any) -> str:
        """Fail."""
        raise AssertionError(f"{len(shares)} processes were asked for")


class Nobody:
    """A decoder that must not be asked."""

    async def decode_many(self, records: Sequence[Record], *, unopened: Any = ()) -> Never:
        """Fail."""
        raise AssertionError(f"{len(records)} records were left to the process that asked")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches so small that whatever happens finds every process at work."""
    monkeypatch.setattr("muniment.projections.replaying.load.BATCH", SMALL)
    monkeypatch.setattr("muniment.projections.replaying.following.PATIENCE_S", 0.5)


@pytest.fixture
def documents() -> Projection:
    """The projection that these replay."""
    return projection("documents", DIMENSIONS)


@pytest.fixture
def apart() -> Processes:
    """Two processes, however little there is to do."""
    return Processes(without_keys, least=1, most=2)


async def told(log: Log, stories: int) -> list[Record]:
    """The records of some stories, deletions and new versions among them."""
    for number in range(stories):
        story = Story(log, ("one two", "three four"))
        await story.tell()
        if number % 3 == 0:
            await Story(log, ("more",), document_id=story.document_id, version=2).tell()
        if number % 5 == 0:
            await story.delete()
    return [record for record in log.records if record.topic in READ]


def processes() -> list[psutil.Process]:
    """The processes that fold for this one."""
    return [p for p in psutil.Process().children() if "spawn_main" in " ".join(p.cmdline())]


async def test_processes_fold_everything_and_the_rows_are_the_same(
    *, config: ProjectionsConfig, sender: Sender, log: Log, connection: Any, documents: Projection, apart: Processes
) -> None:
    """The process that asked folds nothing itself, every record is counted once, and no process stays."""
    await sender.send(await told(log, 20))
    alone = await folded_anew(documents, config, CODEC)
    seen: list[Progress] = []
    done = await replay(documents, config, Nobody(), How(lanes=2, apart=apart, on_progress=seen.append))
    assert done.comparison is not None
    assert done.comparison.equal
    assert done.switched
    assert [p.done for p in seen if p.phase == "loading"][-1] == seen[0].total > 4 * SMALL
    assert await fingerprint(connection, documents, done.live) != {}
    assert done.live != alone.live
    proved = await verify(documents, config, Nobody(), Look(lanes=2, apart=apart))
    assert proved.equal
    assert proved.events == seen[0].total
    assert processes() == []


async def test_little_is_folded_without_new_processes(
    config: ProjectionsConfig, sender: Sender, log: Log, documents: Projection, apart: Processes
) -> None:
    """Below the least number of records nobody is asked to begin one; nor for a single lane."""
    records = await told(log, 6)
    await sender.send(records)
    unasked = (NotAsked(len(records) + 1, 2), 2), (NotAsked(1, 2), 1), (NotAsked(1, 1), 2)
    for none, lanes in unasked:
        how = How(lanes=lanes, apart=none)
        assert (await replay(documents, config, CODEC, how)).switched
        assert processes() == []


async def test_a_replay_without_its_processes_says_so_and_goes_on(
    *, config: ProjectionsConfig, sender: Sender, log: Log, documents: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They cannot open the log, or cannot be begun at all: one process folds everything, and the bar tells why."""
    await sender.send(await told(log, 10))
    await folded_anew(documents, config, CODEC)

    async def phases() -> set[str]:
        seen: list[Progress] = []
        how = How(lanes=2, apart=Processes(refused, least=1, most=2), on_progress=seen.append)
        assert (await replay(documents, config, CODEC, how)).switched
        return {p.phase for p in seen}

    assert "loading, in one process (AssertionError)" in await phases()

    def full(_: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(SpawnProcess, "start", full)
    assert any("no process can be begun" in phase for phase in await phases())


async def test_what_a_killed_process_has_left_is_folded_by_the_one_that_asked(
    config: ProjectionsConfig, sender: Sender, log: Log, documents: Projection, apart: Processes
) -> None:
    """One is killed with its first batch: the replay goes on, and ends equal."""
    await sender.send(await told(log, 40))
    await folded_anew(documents, config, CODEC)
    killed: list[int] = []

    def kill(at: Progress) -> None:
        if at.done and not killed and (found := processes()):
            killed.append(found[0].pid)
            os.kill(found[0].pid, signal.SIGKILL)

    done = await replay(documents, config, CODEC, How(lanes=2, apart=apart, on_progress=kill))
    assert killed
    assert done.comparison is not None
    assert done.comparison.equal
    assert processes() == []


async def test_a_poison_event_in_a_process_stops_the_replay_and_is_named(
    config: ProjectionsConfig, sender: Sender, log: Log, documents: Projection, apart: Processes
) -> None:
    """As without processes; skipped, it is passed by in the processes, too."""
    await sender.send(await told(log, 10))
    await folded_anew(documents, config, CODEC)
    [place] = await sender.send([Record(DOCUMENTS.name, str(uuid4()).encode(), b"junk", ())])
    await sender.send(await told(Log(), 10))
    with pytest.raises(PoisonRecord, match=str(place)):
        await replay(documents, config, CODEC, How(lanes=2, apart=apart))
    assert processes() == []
    passed = frozenset({(place.topic, place.partition, place.offset)})
    done = await replay(documents, config, CODEC, How(lanes=2, apart=apart, passed=lambda: passed))
    assert done.switched


@pytest.mark.parametrize("how", ["stopped", "cancelled"])
async def test_a_replay_that_is_given_up_leaves_no_process(
    *, config: ProjectionsConfig, sender: Sender, log: Log, documents: Projection, apart: Processes, how: str
) -> None:
    """Stopped between two batches or cancelled in one, the next replay goes on from there."""
    await sender.send(await told(log, 40))
    await folded_anew(documents, config, CODEC)
    stop, task = asyncio.Event(), None

    def give_up(at: Progress) -> None:
        if at.done and how == "stopped":
            stop.set()
        elif at.done:
            assert task is not None
            task.cancel()

    task = asyncio.ensure_future(
        replay(documents, config, CODEC, How(lanes=2, apart=apart, stop=stop, on_progress=give_up))
    )
    with pytest.raises(Stopped if how == "stopped" else asyncio.CancelledError):
        await task
    assert processes() == []
    seen: list[Progress] = []
    done = await replay(documents, config, CODEC, How(lanes=2, apart=apart, on_progress=seen.append))
    assert 0 < seen[0].done < seen[0].total
    assert done.comparison is not None
    assert done.comparison.equal
