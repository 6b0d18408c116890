"""Which partition a document's records go to, as every client of Kafka reckons it."""

from collections.abc import Iterator
from uuid import uuid4

from aiokafka.partitioner import murmur2
from support.stack import Stack


def partition_of(stack: Stack, document_id: str) -> int:
    """The partition of a document."""
    return int(murmur2(document_id.encode()) & 0x7FFFFFFF) % int(stack.settings["MUNIMENT_PARTITIONS"])


def ids_of(stack: Stack, partition: int) -> Iterator[str]:
    """New ids of documents of one partition, without an end."""
    return (one for one in map(str, iter(uuid4, None)) if partition_of(stack, one) == partition)
