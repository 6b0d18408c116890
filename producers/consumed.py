"""A message as aiokafka hands it out, as a record: the way back from `publisher`."""

from typing import Any

import muniment.producers.foreign_names  # noqa: F401 - so that every consumer comes past them
from muniment.schemas.record import Record


def record_of(message: Any, topic: str | None = None) -> Record:
    """The record in a consumed message, with its place; what is null on the log is empty here.

    `topic` is the topic's own name, where the broker's has a prefix.
    """
    return Record(
        topic=message.topic if topic is None else topic,
        key=message.key or b"",
        value=message.value or b"",
        headers=tuple(message.headers or ()),
        partition=message.partition,
        offset=message.offset,
        timestamp_ms=message.timestamp,
    )
