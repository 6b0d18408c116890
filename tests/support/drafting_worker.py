"""A worker process for the crash test: has one tenant's drafts written until it is killed.

Usage: python drafting_worker.py BOOTSTRAP DATABASE_URL MODEL_ADDRESS TENANT DRAFT_ID
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from uuid import UUID

import asyncpg

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.drafting import step_on
from support.key_ring import OwnKeys

from muniment.producers.kafka import KafkaPublisher
from muniment.producers.log_codec import LogCodec
from muniment.producers.record_at import KafkaRecords
from muniment.producers.writing.openai import Endpoint, OpenAIWriter
from muniment.producers.writing.pacing import Patience
from muniment.schemas.codec import Envelope
from muniment.schemas.event import Event
from muniment.schemas.record import Record
from muniment.stream_apps.generating.step import Generating
from muniment.stream_apps.hosting.service_host import ServiceHost
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.hosting.settle import Settler
from muniment.stream_apps.step import Step


class Ours(Step):
    """The step for one tenant: others share the topic."""

    name, reads, late = Generating.name, Generating.reads, Generating.late
    orders, slow = Generating.orders, Generating.slow

    def __init__(self, inner: Generating, tenant: str) -> None:
        self.inner, self.tenant, self.timeout_s = inner, tenant, inner.timeout_s

    def lane(self, record: Record) -> bytes:
        """As the step says."""
        return self.inner.lane(record)

    async def run(self, envelope: Envelope) -> AsyncIterator[Event | Record]:
        """As the step does, for its tenant."""
        if envelope.meta.tenant == self.tenant:
            async for item in self.inner.run(envelope):
                yield item

    async def settled(self, envelope: Envelope) -> None:
        """As the step does, for its tenant."""
        if envelope.meta.tenant == self.tenant:
            await self.inner.settled(envelope)


async def main(bootstrap: str, database_url: str, model: str, tenant: str, draft_id: str) -> None:
    """Run until killed."""
    ring = OwnKeys()
    await ring.create(tenant, UUID(draft_id))
    codec = LogCodec(ring)
    writer = OpenAIWriter(Endpoint(f"{model}/v1", "gpt-4.1-mini", "key", Patience()), len)
    async with KafkaPublisher(bootstrap) as publisher, asyncpg.create_pool(database_url, min_size=1) as pool:
        step = Ours(step_on(pool, publisher, codec, writer, KafkaRecords(bootstrap)), tenant)
        settings = HostSettings(bootstrap, group_prefix=tenant, session_timeout_s=6.0)
        await ServiceHost(step, partial(Settler(codec, publisher).settle, step), settings).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
