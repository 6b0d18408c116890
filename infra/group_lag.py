"""How many records wait for each step, as the broker tells: ends of topics against what the steps have acknowledged."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, Self

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from muniment.api.overview.port import StepLag
from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.infra.unread import LOOK_MS, Unread, spans
from muniment.producers.consumer_stop import stop_consumer
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.metadata import NORMAL
from muniment.schemas.topics import RETRY_TIERS, STEP_NAMES
from muniment.stream_apps.hosting.settings import HostSettings, named

MOVER = "retrying"
KEPT_S = 2.0
"""However many look at once, the broker is asked every so often only."""
WAIT_S = 3.0


class GroupLag:
    """Asks the broker. Use as an async context manager; it connects when it is asked first.

    Raises `StepFailure(log_unavailable)` when the broker does not answer in time.
    """

    def __init__(self, settings: Settings, hosts: HostSettings) -> None:
        self._bootstrap = required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP")
        self._groups = groups_of(hosts)
        self._one = asyncio.Lock()
        self._known: tuple[float, list[StepLag]] | None = None
        self._admin: Any = None
        self._consumer: Any = None
        self._unread = Unread(None)

    async def __aenter__(self) -> Self:
        """Connect to nobody yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the broker."""
        await self._close()

    async def __call__(self) -> list[StepLag]:
        """Of every consumer group of the steps, and of every retry tier, the records that wait."""
        async with self._one:
            if self._known is None or monotonic() - self._known[0] > KEPT_S:
                try:
                    async with asyncio.timeout(WAIT_S):
                        self._known = (monotonic(), await self._asked())
                except (KafkaError, TimeoutError, OSError) as error:
                    await self._close()
                    raise StepFailure(ErrorCode.LOG_UNAVAILABLE, type(error).__name__) from error
            return self._known[1]

    async def _asked(self) -> list[StepLag]:
        await self._connect()
        names = list(self._groups)
        done: list[Any] = await asyncio.gather(*[self._admin.list_consumer_group_offsets(name) for name in names])
        places = {place for offsets in done for place in offsets}
        ends = await self._consumer.end_offsets(list(places)) if places else {}
        behind = [spans({place: at.offset for place, at in offsets.items()}, ends) for offsets in done]
        await self._unread.look([span for some in behind for span in some])
        found = []
        for name, some in zip(names, behind, strict=True):
            steps, lane = self._groups[name]
            if steps != (MOVER,):
                found.append(StepLag(steps, lane, "", self._unread.records(some)))
                continue
            for tier in (topic.name for topic in RETRY_TIERS):
                mine = [span for span in some if span[0].topic == tier]
                found.append(StepLag((), "", tier, self._unread.records(mine)))
        return found

    async def _connect(self) -> None:
        if self._admin is None:
            admin: Any = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, client_id="muniment-lag")
            consumer: Any = AIOKafkaConsumer(
                bootstrap_servers=self._bootstrap,
                client_id="muniment-lag",
                group_id=None,
                enable_auto_commit=False,
                fetch_max_wait_ms=LOOK_MS,
            )
            self._admin, self._consumer, self._unread = admin, consumer, Unread(consumer)
            await admin.start()
            await consumer.start()

    async def _close(self) -> None:
        admin, consumer, self._admin, self._consumer = self._admin, self._consumer, None, None
        stopping = [one for one in (admin and admin.close(), consumer and stop_consumer(consumer)) if one is not None]
        # Whoever waits for the lag, or for the API to end, does not wait for a client that cannot let go.
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_S):
                await asyncio.gather(*stopping, return_exceptions=True)


def groups_of(hosts: HostSettings) -> Mapping[str, tuple[tuple[str, ...], str]]:
    """Every consumer group of the steps with the steps and the lane it is of; that of the mover of retries last."""
    found: dict[str, tuple[tuple[str, ...], str]] = {}
    for lane in hosts.lanes:
        # Beside the normal lane, every step has a group of its own.
        apps: Sequence[tuple[str, ...]] = hosts.apps(STEP_NAMES) if lane == NORMAL else [(s,) for s in STEP_NAMES]
        found |= {hosts.group(named(app[0], lane)): (app, lane) for app in apps}
    return {**found, hosts.group(MOVER): ((MOVER,), "")}
