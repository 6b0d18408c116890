"""What is entered in the trail before predictions are shown."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from muniment.api.access import Principal
from muniment.api.channels.entering import SHOWN_FOR_S, Caller, Shown, enter_predictions
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

ONE, OTHER = (UUID(int=1), 1), (UUID(int=2), 1)
CALLER = Caller(Principal("acme", "a"), "192.0.2.1", "a browser")


class Trail:
    """A trail that refuses so many entries, and keeps the others."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.entries: list[object] = []

    def add(self, record: object) -> None:
        if self.refusals:
            self.refusals -= 1
            raise StepFailure(ErrorCode.DISK_FULL, "the disk is full")
        self.entries.append(record)


class Ring:
    """Keys that take a moment."""

    async def tenant_key(self, tenant: str) -> bytes:
        del tenant
        await asyncio.sleep(0)
        return bytes(32)


def made(trail: Trail) -> Any:
    """What a connection has."""
    return cast("Any", SimpleNamespace(trail=trail, key_ring=Ring()))


async def test_what_was_shown_a_moment_ago_is_entered_once() -> None:
    """The same titles come with every keystroke; another document is a new entry."""
    trail, shown = Trail(), Shown()
    for places in ([ONE], [ONE, ONE], [ONE, OTHER], [OTHER]):
        await enter_predictions(made(trail), CALLER, shown, places)
    assert len(trail.entries) == 2


async def test_what_the_trail_refused_is_tried_again() -> None:
    """The next keystroke shows nothing either before the trail has taken the entry."""
    trail, shown = Trail(refusals=2), Shown()
    for _ in range(2):
        with pytest.raises(StepFailure):
            await enter_predictions(made(trail), CALLER, shown, [ONE])
    assert trail.entries == []
    await enter_predictions(made(trail), CALLER, shown, [ONE])
    assert len(trail.entries) == 1


async def test_what_was_broken_off_before_it_was_entered_is_tried_again() -> None:
    """A keystroke ends the prediction before it, wherever that was: it was not shown, and is not taken for shown."""
    trail, shown = Trail(), Shown()
    stale = asyncio.create_task(enter_predictions(made(trail), CALLER, shown, [ONE]))
    await asyncio.sleep(0)
    stale.cancel()
    await asyncio.wait({stale})
    assert (stale.cancelled(), trail.entries) == (True, [])
    await enter_predictions(made(trail), CALLER, shown, [ONE])
    assert len(trail.entries) == 1


def test_what_was_shown_long_ago_is_fresh_again() -> None:
    """A minute later the same document is a new entry."""
    shown = Shown()
    shown.note([ONE], 10.0)
    assert shown.fresh([ONE, OTHER, OTHER], 10.0 + SHOWN_FOR_S - 1) == [OTHER]
    assert shown.fresh([ONE], 10.0 + SHOWN_FOR_S) == [ONE]
