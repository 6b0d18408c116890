"""A host that stops: nothing that is waited for keeps it, its process, or its place in the group."""

import asyncio
import threading
from typing import Any
from unittest.mock import AsyncMock

import pytest
from faust.types import TP, ConsumerMessage
from structlog.testing import capture_logs
from support.hosted import QUICK, Hosted, faust_hosted, service_hosted
from support.topics import create_topics
from support.toy_step import ToyStep

from muniment.producers.kafka import KafkaPublisher
from muniment.schemas.topics import DOCUMENTS
from muniment.stream_apps.hosting import faust_host, service_host
from muniment.stream_apps.hosting.service_host import ServiceHost
from muniment.stream_apps.hosting.settings import HostSettings


def threads_of_faust() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if type(thread).__module__.startswith(("mode", "muniment"))}


async def test_a_thread_of_a_stop_that_was_given_up_ends(
    kafka_bootstrap: str, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given up at once, the consumer's thread is gone a moment later, and the interpreter would not wait for it."""
    before = threads_of_faust()
    running = await Hosted.begin(kafka_bootstrap, unique, faust_hosted)
    mine = threads_of_faust() - before
    assert mine
    assert all(thread.daemon for thread in mine)
    monkeypatch.setattr(faust_host, "STOP_LIMIT_S", 0.0)
    await running.end()
    async with asyncio.timeout(60):
        while any(thread.is_alive() for thread in mine):  # noqa: ASYNC110 - a thread is what is waited for
            await asyncio.sleep(0.02)


async def test_a_stop_that_is_cancelled_leaves_no_thread(kafka_bootstrap: str, unique: str) -> None:
    """A thread that was left would go on reading, as a member of its group that works on nothing."""
    before = threads_of_faust()
    running = await Hosted.begin(kafka_bootstrap, unique, faust_hosted)
    mine = threads_of_faust() - before
    for _ in range(3):
        # As at the end of a loop: whoever waits for the host is ended, too, and everything is cancelled once more.
        running.cancel()
        await asyncio.sleep(0)
    await running.end()
    async with asyncio.timeout(60):
        while any(thread.is_alive() for thread in mine):  # noqa: ASYNC110 - a thread is what is waited for
            await asyncio.sleep(0.02)


async def test_a_host_that_is_cancelled_while_it_starts_leaves_no_thread(kafka_bootstrap: str, unique: str) -> None:
    """At any moment of the start, the very first too: it ends as it was asked to, and nothing of it goes on."""
    await create_topics(kafka_bootstrap)
    before = threads_of_faust()
    settings = HostSettings(kafka_bootstrap, group_prefix=unique, retry=QUICK, session_timeout_s=6.0)
    async with KafkaPublisher(kafka_bootstrap) as publisher:
        for moment in range(6):
            starting = asyncio.create_task(faust_hosted(ToyStep(unique), settings, publisher)())
            await asyncio.sleep(moment * 0.03)
            starting.cancel()
            (end,) = await asyncio.gather(starting, return_exceptions=True)
            assert isinstance(end, asyncio.CancelledError)
    async with asyncio.timeout(60):
        while any(thread.is_alive() for thread in threads_of_faust() - before):  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)


async def test_a_record_that_arrives_while_it_stops_does_not_hold_it_up(
    kafka_bootstrap: str, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faust waits without end for whatever it handed out; what comes in after the last work was dropped is let go."""
    monkeypatch.setattr(faust_host, "STOP_LIMIT_S", 60.0)
    running = await Hosted.begin(kafka_bootstrap, unique, faust_hosted)
    app: Any = running.host._app
    stop, late = app.stop, message()

    async def stop_with_a_late_record() -> None:
        app.consumer.unacked.add(late)
        await stop()

    app.stop = stop_with_a_late_record
    with capture_logs() as said:
        await running.end()
    assert "faust_stop_given_up" not in {one["event"] for one in said}


async def test_a_member_whose_stop_was_given_up_leaves_its_group_all_the_same(
    kafka_bootstrap: str, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process lives on, as the API's does after a turn of `durable_worker`; its partitions go to who works."""
    first = await Hosted.begin(kafka_bootstrap, unique, service_hosted)
    assert isinstance(first.host, ServiceHost)
    held = first.host.state()["partitions"]
    monkeypatch.setattr(service_host, "STOP_LIMIT_S", 0.0)
    await first.end()
    monkeypatch.undo()
    settings = HostSettings(kafka_bootstrap, group_prefix=unique, retry=QUICK, session_timeout_s=6.0)
    heir = ServiceHost(first.step, AsyncMock(), settings)
    working = asyncio.create_task(heir.run())
    try:
        async with asyncio.timeout(60):
            while heir.state()["partitions"] != held:  # noqa: ASYNC110 - the broker is what is waited for
                await asyncio.sleep(0.1)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def message() -> Any:
    """A record as Faust holds it."""
    place = TP(DOCUMENTS.name, 0)
    return ConsumerMessage(DOCUMENTS.name, 0, 0, 0.0, 0, None, b"", b"", None, 0, 0, tp=place)
