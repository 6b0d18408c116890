"""Which documents lie in which partition, as Kafka's own producers place them. Pure."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from aiokafka.partitioner import murmur2

_KEY_BYTES = 36
"""Of a document's id as text, which is the key of all records about it."""
_SEED, _M, _R = np.uint32(0x9747B28C), np.uint32(0x5BD1E995), np.uint32(24)


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key: murmur2 as Kafka's default partitioner takes it."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


def documents_in(partition: int, partitions: int, documents: Collection[UUID]) -> list[UUID]:
    """Those of these documents whose records lie in a partition; all at once, for there may be a million."""
    every = list(documents)
    if not every:
        return []
    numbers = _murmur2([str(one).encode() for one in every])
    mine = (numbers & np.uint32(0x7FFFFFFF)) % np.uint32(partitions) == partition
    return [one for one, is_mine in zip(every, mine, strict=True) if is_mine]


def _murmur2(keys: Sequence[bytes]) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """Austin Appleby's MurmurHash2 of keys of 36 bytes; nine whole words, so there is no tail."""
    words = np.frombuffer(b"".join(keys), "<u4").reshape(len(keys), _KEY_BYTES // 4).astype(np.uint32)
    found = np.full(len(keys), _SEED ^ np.uint32(_KEY_BYTES), dtype=np.uint32)
    with np.errstate(over="ignore"):
        for column in words.T:
            k = column * _M
            k ^= k >> _R
            found = found * _M ^ k * _M
        found ^= found >> np.uint32(13)
        found *= _M
        found ^= found >> np.uint32(15)
    return found
