"""Stopping an aiokafka consumer so that it does stop."""

import asyncio
from typing import Any

import structlog

AGAIN_S = 0.2
"""How long a stop may take until its fetching is told once more: a stop that hears takes milliseconds."""
_GIVEN_UP: set[asyncio.Future[None]] = set()
"""Stops that nobody waits for any more: kept, as a loop alone does not keep its tasks."""
log = structlog.get_logger(__name__)


async def stop_consumer(consumer: Any) -> None:
    """Let a consumer (`AIOKafkaConsumer`) leave its group and close its connections. Raises what its `stop` raises.

    A cancellation, though, only when it is the caller's own. A fetch that has failed rests before it ends; `stop`
    cancels that rest, and what comes out of it is the same exception that a caller is cancelled with: a loop that
    follows a topic ended for good, without a word, because it had stopped a consumer while the broker was away.

    When partitions were taken from it a moment ago (a rebalance, `unsubscribe`, `assign`), its fetching waits for its
    own cancelled requests and takes the cancellation that `stop` sends for theirs: aiokafka 0.14 then waits for an
    assignment, and `stop` for the fetching, for ever. The second cancellation finds it there. See pull request 1007 of
    aiokafka, which mended the same confusion for another caller.
    """
    stopping = asyncio.ensure_future(consumer.stop())
    try:
        while not (await asyncio.wait({stopping}, timeout=AGAIN_S))[0]:
            fetcher = consumer._fetcher  # noqa: SLF001 - there is no other way to reach it
            if fetcher is not None:
                # Also while it still leaves its group, with a broker that is away: what it fetches now, nobody reads.
                fetcher._fetch_task.cancel()  # noqa: SLF001
    except asyncio.CancelledError:
        _GIVEN_UP.add(stopping)
        stopping.add_done_callback(_over)
        stopping.cancel()
        raise
    if stopping.cancelled():
        # It came no further than its fetching: what is left of a stop is to close the connections.
        await consumer._client.close()  # noqa: SLF001 - `stop` does nothing the second time
    else:
        await stopping


def _over(stopping: "asyncio.Future[None]") -> None:
    _GIVEN_UP.discard(stopping)
    if not stopping.cancelled() and stopping.exception() is not None:
        log.warning("consumer_stop_failed", kind=type(stopping.exception()).__name__)
