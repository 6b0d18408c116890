"""Lanes on the real broker: a step runs once for each, and none holds up another."""

import asyncio
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from support.hosted import QUICK, SESSION_S, Hosted
from support.key_ring import MemoryKeyRing
from support.toy_step import Do

from muniment.producers.log_codec import LogCodec
from muniment.producers.urgency import lane as urgency
from muniment.schemas.metadata import LANES
from muniment.schemas.topics import DOCUMENTS
from muniment.stream_apps.hosting.faust_host import FaustHost
from muniment.stream_apps.hosting.service_host import ServiceHost
from muniment.stream_apps.hosting.settings import HostSettings, named
from muniment.stream_apps.hosting.settle import Settler

Run = Callable[[], Any]
pytestmark = pytest.mark.asyncio(loop_scope="module")


class Together:
    """A host for each lane, run as one."""

    def __init__(self, step: Any, settings: HostSettings, publisher: Any, kind: str) -> None:
        settler = Settler(LogCodec(MemoryKeyRing()), publisher, limits=settings.retry)
        names = {lane: named(step.name, lane) for lane in LANES}
        self.hosts: list[FaustHost | ServiceHost] = [
            FaustHost(names[lane], (step,), settler, settings, lane)
            if kind == "faust"
            else ServiceHost(step, lambda record: settler.settle(step, record), settings, name=names[lane], lane=lane)
            for lane in LANES
        ]

    async def run(self) -> None:
        await asyncio.gather(*(host.run() for host in self.hosts))


@pytest_asyncio.fixture(params=["faust", "service"], scope="module", loop_scope="module")
async def laned(request: pytest.FixtureRequest, kafka_bootstrap: str) -> AsyncIterator[Hosted]:
    """Three hosts of a kind, a window of 8 records each, so that little is a backlog; for all tests of this file."""
    unique = f"t{uuid.uuid4().hex[:12]}"

    def kind(step: Any, settings: HostSettings, publisher: Any) -> Run:
        small = HostSettings(
            kafka_bootstrap, group_prefix=unique, retry=QUICK, session_timeout_s=SESSION_S, window=8, bulk_concurrency=2
        )
        return Together(step, small, publisher, request.param).run

    running = await Hosted.begin(kafka_bootstrap, unique, kind)
    for lane in LANES:
        await running.result_of(await running.give(lane=lane))
    try:
        yield running
    finally:
        async with asyncio.timeout(90):
            await running.end()


async def test_a_backlog_of_bulk_work_holds_up_nobody(laned: Hosted) -> None:
    """With far more bulk work stuck than a window holds, in every partition, other lanes go on at once."""
    laned.step.blocked = True
    stuck = [await laned.give(Do.BLOCK, lane="bulk") for _ in range(150)]
    others = [await laned.give(lane=lane) for lane in ("interactive", "normal") * 10]
    # However long it takes on a busy machine: the bulk work is stuck until it is told otherwise.
    async with asyncio.timeout(100):
        await asyncio.gather(*(laned.result_of(record) for record in others))
    assert not any(laned.found(DOCUMENTS.name, record.key, "DocumentIndexed") for record in stuck)
    laned.step.blocked = False
    await asyncio.gather(*(laned.result_of(record) for record in stuck))


async def test_each_record_is_worked_on_in_its_lane_and_once(laned: Hosted) -> None:
    """A lane that nobody knows is the normal one; what comes back from a retry is in its lane still."""
    begun = len(laned.step.runs)
    lanes = [*LANES, "urgent"]
    given = [await laned.give(Do.RECOVER if n % 3 == 0 else Do.WORK, lane=lanes[n % 4]) for n in range(60)]
    for record in given:
        await laned.result_of(record)
    await asyncio.sleep(1)  # for what a second host would do
    runs = Counter(document for document, _ in laned.step.runs[begun:])
    assert all(runs[UUID(record.key.decode())] == (3 if n % 3 == 0 else 1) for n, record in enumerate(given))
    results = Counter(r.key for r in laned.seen[DOCUMENTS.name] if r.header("ce_source") == "muniment.indexing")
    assert all(results[record.key] == 1 for record in given)


async def test_the_lane_is_carried_on_and_known_to_the_work(laned: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step publishes is in the lane of its cause, and what it calls can tell how urgent it is."""
    seen: dict[bytes, str] = {}
    misbehave = laned.step._misbehave

    async def note(what: Do, event: Any, envelope: Any) -> None:
        seen[envelope.record.key] = urgency()
        await misbehave(what, event, envelope)

    monkeypatch.setattr(laned.step, "_misbehave", note)
    for lane in LANES:
        given = await laned.give(lane=lane)
        (result,) = await laned.result_of(given)
        assert result.header("lane") == (None if lane == "normal" else lane)
        assert seen[given.key] == lane
