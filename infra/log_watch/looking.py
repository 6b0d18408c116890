"""One look at the audited topics: their configuration, and where their partitions begin and end."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError

from muniment.producers.consumer_stop import stop_consumer
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.topic_config import Finding, Span, config_findings
from muniment.schemas.topics import TOPICS, Topic

AUDITED: tuple[Topic, ...] = tuple(topic for topic in TOPICS if topic.audited)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen, by the names as they are declared; `None` and nothing for a topic that is not there."""

    config: Mapping[str, Mapping[str, str] | None]
    spans: Mapping[str, Mapping[int, Span]]

    def config_findings(self, topics: Sequence[Topic] = AUDITED, replication: int = 1) -> list[Finding]:
        """What differs from what is declared."""
        return [one for topic in topics for one in config_findings(topic, self.config[topic.name], replication)]


async def look(bootstrap: str, topics: Sequence[Topic] = AUDITED, *, prefix: str = "") -> Looked:
    """Ask the broker. `prefix` stands before topics' names there (tests).

    Raises:
        StepFailure: `log_unavailable`.

    """
    there = [replace(topic, name=prefix + topic.name) for topic in topics]
    try:
        async with _admin(bootstrap) as admin:
            names = set(await admin.list_topics())
            present = [topic.name for topic in there if topic.name in names]
            configs = await _configs(admin, present)
        spans = await _spans(bootstrap, present)
    except (KafkaError, OSError, TimeoutError) as error:
        detail = f"the topics cannot be looked at: {type(error).__name__}"
        raise StepFailure(ErrorCode.LOG_UNAVAILABLE, detail) from error
    return Looked(
        {topic.name: configs.get(prefix + topic.name) for topic in topics},
        {topic.name: spans.get(prefix + topic.name, {}) for topic in topics},
    )


async def _configs(admin: Any, names: Sequence[str]) -> dict[str, dict[str, str]]:
    if not names:
        return {}
    answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    # (error, message, type, name, entries); an entry is (name, value, …).
    return {
        resource[3]: {entry[0]: entry[1] for entry in resource[4]}
        for answer in answers
        for resource in answer.resources
    }


async def _spans(bootstrap: str, names: Sequence[str]) -> dict[str, dict[int, Span]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, request_timeout_ms=10_000)
    try:
        await consumer.start()
        # Asked for by itself: a consumer that is told the topic waits most of a minute for one that is missing.
        cluster = await consumer._client.fetch_all_metadata()  # noqa: SLF001 - there is no other way to ask
        places = [TopicPartition(name, n) for name in names for n in cluster.partitions_for_topic(name) or ()]
        if not places:
            return {}
        # In this order: what is deleted and written in between must not look like a beginning beyond the end.
        begins = await consumer.beginning_offsets(places)
        ends = await consumer.end_offsets(places)
    finally:
        await stop_consumer(consumer)
    found: dict[str, dict[int, Span]] = {}
    for place in places:
        found.setdefault(place.topic, {})[place.partition] = Span(begins[place], ends[place])
    return found


@asynccontextmanager
async def _admin(bootstrap: str) -> AsyncIterator[Any]:
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, client_id="muniment-watch", request_timeout_ms=10_000)
    try:
        await client.start()
        yield client
    finally:
        await client.close()
