"""Whether a record finds room on its topic, asked before it is sent."""

from muniment.schemas.record import Record
from muniment.schemas.topics import MAX_CARRIED_BYTES, MAX_MESSAGE_BYTES, MAX_RECORD_BYTES, TOPICS

_CARRYING = frozenset(topic.name for topic in TOPICS if topic.carries)
_AROUND, _AROUND_HEADER = 1024, 10
"""What the log adds to a record, in a batch of its own, and to each header, at most; bytes."""


def too_large(record: Record) -> bool:
    """Whether the topic would not take it."""
    size = len(record.value) + len(record.key)
    around = _AROUND + sum(len(name.encode()) + len(value) + _AROUND_HEADER for name, value in record.headers)
    if record.topic in _CARRYING:
        return size + around > MAX_CARRIED_BYTES
    return size > MAX_RECORD_BYTES or size + around > MAX_MESSAGE_BYTES
