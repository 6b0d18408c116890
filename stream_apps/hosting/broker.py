"""Waits for the broker and its topics, so that starting first is not fatal.

Faust exits when the broker is away at its start, and ignores for ever a topic that appears later.
"""

import asyncio
from collections.abc import Iterable

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
log = structlog.get_logger(__name__)


async def wait_for_topics(bootstrap: str, topics: Iterable[str]) -> None:
    """Return once every topic exists on a broker that answers; waits with back-off until then or cancelled."""
    wanted = set(topics)
    pause = FIRST_PAUSE_S
    while True:
        try:
            missing = wanted - await _existing(bootstrap)
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("broker_away", bootstrap=bootstrap, kind=type(error).__name__, pause_s=pause)
        else:
            if not missing:
                return
            log.warning("topics_missing", topics=sorted(missing), remedy="muniment topics apply", pause_s=pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE_S)


async def _existing(bootstrap: str) -> set[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5000)
    try:
        async with asyncio.timeout(10):
            await admin.start()
            return set(await admin.list_topics())
    finally:
        await admin.close()
