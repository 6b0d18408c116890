"""Looking up names: one that is slow holds up no other, and is nobody else's fault."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from muniment.producers.breakers.policy import Verdict, verdict
from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import MunimentError, StepFailure
from muniment.stream_apps.fetching import resolving
from muniment.stream_apps.fetching.resolving import resolve


@pytest.fixture(autouse=True)
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Names that begin with `slow` are answered once the event is set."""
    given, answered = socket.getaddrinfo, threading.Event()

    def look_up(host: str, *more: Any, **named: Any) -> Any:
        if host.startswith("slow"):
            answered.wait(60)
            raise socket.gaierror
        return given(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield answered
    answered.set()


async def told(host: str) -> str:
    """The first address, or why there is none."""
    try:
        return (await resolve(host, 80))[0]
    except MunimentError as error:
        return error.code.value


async def test_slow_names_end_in_time_and_hold_up_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far more of them than a loop has threads."""
    monkeypatch.setattr(resolving, "LONGEST_S", 0.5)
    async with asyncio.timeout(30):
        asking = [asyncio.create_task(told(f"slow{n}.test")) for n in range(50)]
        await asyncio.sleep(0)
        assert await told("127.0.0.1") == "127.0.0.1"
        assert not any(task.done() for task in asking)
        assert set(await asyncio.gather(*asking)) == {"fetch_failed"}


async def test_lookups_that_nobody_waits_for_are_bounded(
    monkeypatch: pytest.MonkeyPatch, slow: threading.Event
) -> None:
    """Beyond that a name is looked up later, without an attempt being used up or its host being to blame."""
    monkeypatch.setattr(resolving, "LONGEST_S", 0.05)
    turns = threading.BoundedSemaphore(3)
    monkeypatch.setattr(resolving, "_TURNS", turns)
    assert [await told(f"slow{n}.test") for n in range(3)] == ["fetch_failed"] * 3
    with pytest.raises(StepFailure) as error:
        await resolve("127.0.0.1", 80)
    assert error.value.code is ErrorCode.PROVIDER_TIMEOUT
    assert POLICIES[error.value.code] is Policy.OUTAGE
    assert verdict(error.value, "fetching") is Verdict.NOTHING
    slow.set()
    for _ in range(3):
        assert await asyncio.to_thread(turns.acquire, timeout=30)
    turns.release(3)
    monkeypatch.setattr(resolving, "LONGEST_S", 30)
    assert await told("127.0.0.1") == "127.0.0.1"


async def test_a_turn_goes_back_to_where_it_was_taken(monkeypatch: pytest.MonkeyPatch, slow: threading.Event) -> None:
    """A lookup of before does not give a turn to whoever counts by now: it would be one too many."""
    monkeypatch.setattr(resolving, "LONGEST_S", 0.05)
    before, now = threading.BoundedSemaphore(1), threading.BoundedSemaphore(1)
    monkeypatch.setattr(resolving, "_TURNS", before)
    assert await told("slow.test") == "fetch_failed"
    monkeypatch.setattr(resolving, "_TURNS", now)
    slow.set()
    assert await asyncio.to_thread(before.acquire, timeout=30)
    assert now.acquire(blocking=False)


@pytest.mark.parametrize("failure", [RuntimeError("can't start new thread"), MemoryError()])
async def test_a_lookup_without_a_thread_takes_no_turn(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    """The machine has none left for the moment: an outage of ours, after which names are looked up as before."""

    def none_left(_: threading.Thread) -> None:
        raise failure

    monkeypatch.setattr(resolving, "_TURNS", threading.BoundedSemaphore(1))
    with monkeypatch.context() as without:
        without.setattr(threading.Thread, "start", none_left)
        for _ in range(2):
            with pytest.raises(StepFailure, match="no thread") as error:
                await resolve("127.0.0.1", 80)
            assert error.value.code is ErrorCode.PROVIDER_TIMEOUT
            assert verdict(error.value, "fetching") is Verdict.NOTHING
    assert await told("127.0.0.1") == "127.0.0.1"


async def test_a_name_that_is_none_is_refused() -> None:
    """It will never be found; one that is not there may be some day."""
    assert await told("x" * 64 + ".test") == "url_refused"
    assert await told("no-such-name.invalid") == "fetch_failed"
