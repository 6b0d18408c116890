"""How a worker process is put together and ends, without a broker."""

import asyncio
import os
import signal
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from muniment.producers.operations.operations import FoldedOperations
from muniment.schemas.metadata import Metadata
from muniment.schemas.operations import FlagChanged
from muniment.stream_apps.hosting.crashed import HostCrashed
from muniment.stream_apps.hosting.health import Health
from muniment.stream_apps.hosting.settings import HostSettings, named
from muniment.stream_apps.hosting.switch import DURABLE_WORKER, AlwaysOn, FlagSwitch
from muniment.stream_apps.hosting.workers import _until_asked_to_stop

STEPS = ("deciding", "extracting", "chunking", "indexing")


async def for_ever() -> None:
    await asyncio.sleep(3600)


async def broken() -> None:
    raise HostCrashed("indexing: it broke")


async def test_a_crash_of_the_hosts_ends_the_process() -> None:
    """What ends by itself comes out as a crash."""
    with pytest.raises(HostCrashed, match="it broke"):
        await _until_asked_to_stop(broken())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_being_asked_to_stop_is_no_crash(number: signal.Signals) -> None:
    """On either signal the hosts are cancelled and the call returns."""
    asyncio.get_running_loop().call_later(0.02, os.kill, os.getpid(), number)
    await _until_asked_to_stop(for_ever())


@pytest.mark.parametrize(
    ("together", "expected"),
    [
        ((), [(name,) for name in STEPS]),
        ((("chunking", "indexing"),), [("deciding",), ("extracting",), ("chunking", "indexing")]),
        ((("purging", "deciding", "indexing"),), [("deciding", "indexing"), ("extracting",), ("chunking",)]),
    ],
)
def test_each_step_runs_in_exactly_one_app(
    together: tuple[tuple[str, ...], ...], expected: list[tuple[str, ...]]
) -> None:
    """Steps that belong together share an app; every other has its own."""
    assert HostSettings("b", together=together).apps(STEPS) == expected


def test_health_is_good_only_when_all_parts_run() -> None:
    """No part, or one that does not run, is not healthy."""
    health = Health()
    assert not health.state()["ok"]
    health.add("a", lambda: {"running": True})
    assert health.state()["ok"]
    health.add("b", lambda: {"running": False})
    assert not health.state()["ok"]


def test_a_process_that_stands_by_is_well() -> None:
    """With its hosts switched off a process has no part, and that is as it should be."""
    health = Health()
    health.stand_by(now=True)
    assert health.state() == {"ok": True, "standing_by": True, "parts": {}, "waits": []}
    health.stand_by(now=False)
    assert not health.state()["ok"]


async def test_a_switch_follows_its_flag() -> None:
    """Of two processes that follow a flag from both sides exactly one is on, and each change is seen, both ways."""
    operations = FoldedOperations()
    workers, api = FlagSwitch(operations, when=True), FlagSwitch(operations, when=False)
    for value in (True, False, False, True):
        turned = asyncio.gather(workers.turned(on=value), api.turned(on=not value))
        await asyncio.sleep(0)
        operations.take(flag_changed(value), meta())
        await asyncio.wait_for(turned, 60)
        assert (workers.on(), api.on()) == (value, not value)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(AlwaysOn().turned(on=False), 0.01)


@pytest.mark.parametrize(("lane", "group"), [("normal", "m.chunking"), ("bulk", "m.chunking.bulk")])
def test_the_normal_lane_keeps_its_groups(lane: str, group: str) -> None:
    """The offsets of the normal lane are those from before there were others."""
    assert HostSettings("b", group_prefix="m").group(named("chunking", lane)) == group


def test_bulk_work_leaves_room() -> None:
    """Fewer documents of an import are worked on at once than of the other lanes."""
    settings = HostSettings("b")
    assert settings.concurrency_of("bulk") < settings.concurrency_of("interactive") == settings.concurrency_of(None)


def flag_changed(value: bool) -> FlagChanged:
    return FlagChanged(flag=DURABLE_WORKER, value=value, reason="a test")


def meta() -> Metadata:
    return Metadata(uuid4(), "t", uuid4(), uuid4(), datetime.now(UTC), "muniment.test")
