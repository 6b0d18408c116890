"""What lies on the log: records by end offsets, bytes by the broker's segment files."""

from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition

from muniment.producers.consumer_stop import stop_consumer
from muniment.schemas.topics import TOPICS


@dataclass(frozen=True, slots=True)
class LogSize:
    """Records and bytes in all of our topics."""

    records: int
    bytes: int

    def since(self, before: "LogSize") -> "LogSize":
        """What came in between."""
        return LogSize(self.records - before.records, self.bytes - before.bytes)


async def measured(bootstrap: str, home: Path) -> LogSize:
    """What lies there now."""
    # Subscribed, because only then does it learn their partitions; from the end, so that it fetches nothing.
    names = [topic.name for topic in TOPICS]
    consumer = AIOKafkaConsumer(*names, bootstrap_servers=bootstrap, client_id="muniment-bench")
    await consumer.start()
    try:
        places = [TopicPartition(name, n) for name in names for n in consumer.partitions_for_topic(name) or ()]
        offsets = await consumer.end_offsets(places)
    finally:
        await stop_consumer(consumer)
    segments = (home / "kafka").glob("*/muniment.*/*.log")
    return LogSize(sum(offsets.values()), sum(file.stat().st_size for file in segments))
