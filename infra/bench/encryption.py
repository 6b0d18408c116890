"""What encryption costs: the sealed fields of a real log sealed and opened once more, against what the pipeline spent.

Opened with keys of the bench's own, over bytes of the same lengths: AES-GCM takes as long whatever it is about.
"""

import os
import time
from collections import Counter
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, TopicPartition

from muniment.infra.bench.figures import Figure
from muniment.infra.not_set import required
from muniment.infra.settings import Settings
from muniment.producers.consumed import record_of
from muniment.producers.consumer_stop import stop_consumer
from muniment.producers.document_records import TOPICS
from muniment.projections.registry import PROJECTIONS
from muniment.schemas.codec import wire_values
from muniment.schemas.record import Record
from muniment.schemas.sealing import NONCE_BYTES, DataKey, seal, unseal
from muniment.schemas.topics import MAX_RECORD_BYTES
from muniment.stream_apps.chunking.step import Chunking
from muniment.stream_apps.deciding.step import Deciding
from muniment.stream_apps.embedding.step import Embedding
from muniment.stream_apps.extracting.step import Extracting
from muniment.stream_apps.fetching.step import Fetching
from muniment.stream_apps.indexing.step import Indexing
from muniment.stream_apps.purging.step import Purging

SHARE = 0.10
MOST = 20_000
"""Records that are looked at; more say nothing new."""
STEPS = (Deciding, Fetching, Extracting, Chunking, Embedding, Indexing, Purging)


def readers() -> Counter[str]:
    """How many steps and read models open the sealed fields of each event."""
    opened = Counter(event.declaration.name for step in STEPS for event in step.reads)
    for make in PROJECTIONS.values():
        made = make(1)
        opened.update(made.handled - made.closed)
    return opened


async def measured(settings: Settings, pipeline_s: float, records: int) -> list[Figure]:
    """The share of encryption in what the stack spent (`pipeline_s`, processor seconds) on so many `records`.

    Each field is sealed once, and opened by each step and read model that reads it.
    """
    found = await _records(required(settings.kafka_bootstrap, "MUNIMENT_KAFKA_BOOTSTRAP"))
    key, times = DataKey(uuid4(), os.urandom(32)), readers()
    sealing = opening = 0.0
    size = 0
    for record in found:
        declared, values = wire_values(record)
        for name, _ in declared.personal:
            plain = os.urandom(len(values[name]))
            size += len(plain)
            began = time.process_time()
            sealed = seal(key, plain, aad=b"bench", nonce=os.urandom(NONCE_BYTES))
            done = time.process_time()
            unseal(key, sealed, aad=b"bench")
            sealing += done - began
            opening += (time.process_time() - done) * times[declared.name]
    share = (sealing + opening) / max(1, len(found)) * records / pipeline_s
    note = f"{len(found)} records, {size / 1e6:.1f} MB sealed: {sealing:.2f} s to seal, {opening:.2f} s to open"
    return [Figure("encryption, share of the pipeline's processor time", share, "", SHARE, note=note)]


async def _records(brokers: str) -> list[Record]:
    """The newest records about documents, at most `MOST` of them."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        group_id=None,
        enable_auto_commit=False,
        max_partition_fetch_bytes=MAX_RECORD_BYTES + 64 * 1024,
    )
    found: list[Record] = []
    await consumer.start()
    try:
        cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001 - there is no other way to ask
        places = [TopicPartition(t, n) for t in TOPICS for n in sorted(cluster.partitions_for_topic(t) or ())]
        begins, ends = await consumer.beginning_offsets(places), await consumer.end_offsets(places)
        consumer.assign(places)
        for place in places:
            consumer.seek(place, max(begins[place], ends[place] - MOST // max(1, len(places))))
        wanted = sum(ends[p] - max(begins[p], ends[p] - MOST // max(1, len(places))) for p in places)
        while len(found) < wanted:
            for messages in (await consumer.getmany(timeout_ms=1000)).values():
                found += [record_of(message) for message in messages]
    finally:
        await stop_consumer(consumer)
    return found
