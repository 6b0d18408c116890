"""One turn of all erasures that are under way: none of them holds up another's keys.

Stores may be waited for: a minute for read models that stand still, longer for locks of tables. The keys of those that
come after must not wait for that, so all that lies before the stores goes on meanwhile, look after look.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from muniment.schemas.errors import StepFailure
from muniment.stream_apps.erasing.store import UnderWay

STORES = "erasing"
"""The stage that may wait in place. One erasure after the other is in it: stores take locks that others need, too."""
LOOK_S = 0.2

Look = Callable[[], Awaitable[Sequence[UnderWay]]]
"""What is under way; `StepFailure(database_unavailable)`."""
Go = Callable[[UnderWay], Awaitable[None]]
"""Bring one a stage further; `StepFailure` where it is stuck."""


async def go_on() -> None:
    """For `may_go_on`, where nobody else could take over."""


async def take_turn(look: Look, go: Go, may_go_on: Callable[[], Awaitable[None]] = go_on) -> bool:
    """Bring each one stage further, where it can go, and those before the stores as far as they come meanwhile.

    `may_go_on` is asked between two looks while stores are waited for; what it raises ends the turn at once.
    Returns whether any is under way.

    Raises:
        StepFailure: what the first of those that are stuck failed with, once all have had their turn.

    """
    found, stuck = await look(), list[StepFailure]()
    await _each(_before_stores(found), go, stuck)
    last = [erasure for erasure in found if erasure.stage == STORES]
    if last:
        emptying = asyncio.create_task(_each(last, go, stuck))
        try:
            while not (await asyncio.wait({emptying}, timeout=LOOK_S))[0]:
                await may_go_on()
                await _look_on(look, go, stuck)
            await emptying
        finally:
            emptying.cancel()
            await asyncio.gather(emptying, return_exceptions=True)
    if stuck:
        raise stuck[0]
    return bool(found)


async def _look_on(look: Look, go: Go, stuck: list[StepFailure]) -> None:
    try:
        found = await look()
    except StepFailure as error:
        stuck.append(error)  # the stores may come to their end all the same
        return
    await _each(_before_stores(found), go, stuck)


def _before_stores(found: Sequence[UnderWay]) -> list[UnderWay]:
    return [erasure for erasure in found if erasure.stage != STORES]


async def _each(erasures: Sequence[UnderWay], go: Go, stuck: list[StepFailure]) -> None:
    for erasure in erasures:
        try:
            await go(erasure)
        except StepFailure as error:
            stuck.append(error)
