"""Who runs the steps: what the flag says of it, and how many processes the broker has heard of."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import monotonic
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from muniment.infra.group_lag import MOVER
from muniment.producers.operations.operations import Operations
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.hosting.switch import DURABLE_WORKER

KEPT_S = 5.0
"""However many look at once, the broker is asked every so often only."""
WAIT_S = 2.0


class StepProcesses:
    """See `api.workers.Workers`.

    Every process that runs steps, whichever lanes it has, has one mover of the retry tiers: the members of the movers'
    consumer group are these processes. One that was killed counts for ten seconds more.
    """

    def __init__(
        self,
        hosts: HostSettings,
        operations: Operations,
        waits: Callable[[], Awaitable[Mapping[str, str]]] | None = None,
    ) -> None:
        """`waits` asks the processes that run steps what records wait for in them; without it nobody is asked."""
        self._waits = waits
        self._bootstrap = hosts.bootstrap
        self._group = hosts.group(MOVER)
        self._operations = operations
        self._one = asyncio.Lock()
        self._known: tuple[float, int | None] | None = None

    def apart(self) -> bool:
        """See `Workers.apart`."""
        return self._operations.flag(DURABLE_WORKER)

    async def waits(self) -> Mapping[str, str]:
        """See `Workers.waits`."""
        return await self._waits() if self._waits else {}

    async def count(self) -> int | None:
        """See `Workers.count`."""
        async with self._one:
            if self._known is None or monotonic() - self._known[0] > KEPT_S:
                try:
                    async with asyncio.timeout(WAIT_S):
                        found: int | None = await self._asked()
                except (KafkaError, TimeoutError, OSError):
                    found = None
                self._known = (monotonic(), found)
            return self._known[1]

    async def _asked(self) -> int:
        client: Any = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, client_id="muniment-health")
        try:
            await client.start()
            return members(await client.describe_consumer_groups([self._group]))
        finally:
            await client.close()


def members(answers: list[Any]) -> int:
    """How many members the groups of some answers have together."""
    return sum(len(group["members"]) for answer in answers for group in answer.to_object()["groups"])
