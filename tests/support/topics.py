"""Creates the project's topics on the tests' broker, and lets groups begin where they end."""

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from muniment.schemas.metadata import LANES
from muniment.schemas.topics import TOPICS
from muniment.stream_apps.hosting.settings import named

PARTITIONS = 4


async def create_topics(bootstrap: str) -> None:
    """Create every topic that is missing, with few partitions."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        missing = [
            NewTopic(t.name, PARTITIONS, 1, topic_configs={"max.message.bytes": str(t.max_message_bytes)})
            for t in TOPICS
            if t.name not in there
        ]
        if missing:
            await admin.create_topics(missing)
    finally:
        await admin.close()


async def begin_at_the_end(bootstrap: str, prefix: str, steps: Iterable[str] = ("indexing",)) -> None:
    """Let the groups of these steps' hosts, and of the mover, begin with what comes from now on.

    Other tests write to the same topics: a group that is new would work on all that they left, and its mover would
    send every record that ever waited there back to its step once more.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None)
    await consumer.start()
    try:
        cluster = await consumer._client.fetch_all_metadata()
        places = [TopicPartition(t.name, p) for t in TOPICS for p in cluster.partitions_for_topic(t.name) or ()]
        # Told of all at once, it does not ask for one after the other, a tenth of a second each.
        await consumer._client.set_topics({place.topic for place in places})
        ends = await consumer.end_offsets(places)
    finally:
        await consumer.stop()
    for name in (*(named(step, lane) for step in steps for lane in LANES), "retrying"):
        group = AIOKafkaConsumer(
            bootstrap_servers=bootstrap, group_id=f"{prefix}.{name}", enable_auto_commit=False
        )  # fmt: skip
        await group.start()
        try:
            group.assign(places)
            await group.commit(ends)
        finally:
            await group.stop()
