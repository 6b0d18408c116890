"""The watch: one process of all that run looks every minute, and tells on the record what it finds."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from muniment.infra.log_watch.looking import AUDITED, Looked, look
from muniment.infra.log_watch.memory import WatchMemory
from muniment.producers.leading import alone
from muniment.producers.publisher import Publisher
from muniment.schemas.audit import HOUSE, AuditedTopicChanged, AuditedTopicRestored
from muniment.schemas.codec import encode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata, whole_millis
from muniment.schemas.metrics import AUDITED_TOPIC_ALARMS
from muniment.schemas.topic_config import END, Finding, Span, grown, span_findings
from muniment.schemas.topics import Topic

LOG = structlog.get_logger(__name__)
EVERY_S = 60.0
SETTLED_S = 2.0
LOCK = 0x6D756E77617463
"""The advisory lock under which one process at a time watches ("munwatc")."""
SOURCE = "muniment.watch"
ACTOR = "process:watch"


class Watch:
    """See the module. `replication` is the number of copies that topics are declared to have."""

    def __init__(
        self,
        bootstrap: str,
        pool: Any,
        log: Publisher,
        *,
        now: Callable[[], datetime],
        replication: int = 1,
        topics: Sequence[Topic] = AUDITED,
        prefix: str = "",
        every_s: float = EVERY_S,
    ) -> None:
        self._bootstrap = bootstrap
        self._pool = pool
        self._log = log
        self._memory = WatchMemory(pool)
        self._now = now
        self._replication = replication
        self._topics = topics
        self._prefix = prefix
        self._every_s = every_s

    async def run(self) -> None:
        """Watch until cancelled, if nobody else does; survives the broker and the database being away."""
        while True:
            try:
                async with alone(self._pool, LOCK) as connection:
                    if connection is not None:
                        await self._while_held(connection)
            except StepFailure as error:
                LOG.warning("watch.waits", code=str(error.code))
            except Exception:
                # Nobody waits for this task: whatever it meets has to be loud, and must not be its end.
                LOG.exception("watch.failed")
            await asyncio.sleep(self._every_s)

    async def _while_held(self, connection: Any) -> None:
        while True:
            # A connection that broke has lost the lock with its session.
            await connection.execute("select 1")
            try:
                await self.once()
            except StepFailure as error:
                LOG.warning("watch.waits", code=str(error.code))
            await asyncio.sleep(self._every_s)

    async def once(self) -> list[Finding]:
        """Look once; gives everything that is wrong.

        Raises:
            StepFailure: `log_unavailable`, `database_unavailable`.

        """
        known = await self._memory.known()
        looked, findings = await self._looked(known)
        if any(one.setting == END for one in findings):
            # A partition that has just changed its leader may not have told yet how far it reaches.
            await asyncio.sleep(SETTLED_S)
            looked, findings = await self._looked(known)
        spans = {name: grown(known.get(name, {}), seen) for name, seen in looked.spans.items()}
        raised, restored = await self._memory.looked(spans, findings, self._now())
        for one in raised:
            LOG.error("audited_topic_changed", topic=one.topic, partition=one.partition, finding=str(one))
        for one in restored:
            LOG.info("audited_topic_restored", topic=one.topic, partition=one.partition, finding=str(one))
        for topic in self._topics:
            AUDITED_TOPIC_ALARMS.labels(topic.name).set(sum(one.topic == topic.name for one in findings))
        await self.tell()
        return findings

    async def _looked(self, known: Mapping[str, Mapping[int, Span]]) -> tuple[Looked, list[Finding]]:
        looked = await look(self._bootstrap, self._topics, prefix=self._prefix)
        findings = looked.config_findings(self._topics, self._replication)
        for topic in self._topics:
            findings += span_findings(topic, known.get(topic.name, {}), looked.spans[topic.name])
        return looked, findings

    async def tell(self) -> None:
        """Put on the record what is not there yet; repeated after a crash under the same ids."""
        for row in await self._memory.untold():
            if not row["told"]:
                await self._log.send(_record(_changed(row), row["alarm_id"], row["since"], ACTOR))
                await self._memory.told(row["alarm_id"], ended=False)
            if row["ended_at"] is not None and not row["ended_told"]:
                await self._log.send(_record(_restored(row), row["ended_id"], row["ended_at"], row["actor"] or ACTOR))
                await self._memory.told(row["alarm_id"], ended=True)


def _changed(row: Any) -> Event:
    return AuditedTopicChanged(
        topic=row["topic"],
        partition=row["partition"],
        setting=row["setting"],
        declared=row["declared"],
        found=row["found"],
    )


def _restored(row: Any) -> Event:
    return AuditedTopicRestored(
        topic=row["topic"],
        partition=row["partition"],
        setting=row["setting"],
        accepted=row["accepted"],
        reason=row["reason"],
    )


def _record(event: Event, event_id: UUID, at: datetime, actor: str) -> Any:
    meta = Metadata(event_id, HOUSE, event_id, event_id, whole_millis(at), SOURCE, actor=actor)
    return encode(event, meta, None)
