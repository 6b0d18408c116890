"""Lets consumers read a record whose header has a name that is no UTF-8, as other clients can write it.

`aiokafka` raises at such a record whenever its batch is fetched, so whoever reads the partition never comes past it.
"""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

_LENGTH = struct.Struct(">i")
_LENGTH_AT, _OVERHEAD = 8, 12
"""Where a batch says how long it is, and how many bytes come before those that it counts."""


class ForgivingRecords:
    """The batches of a fetch, as `aiokafka` reads them but for such names; it takes the place of its own class."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._at = 0
        self._records: Any = MemoryRecords(raw)

    def size_in_bytes(self) -> int:
        """As `aiokafka` counts."""
        return int(self._records.size_in_bytes())

    def has_next(self) -> bool:
        """Whether there is another whole batch."""
        return bool(self._records.has_next())

    def next_batch(self) -> Any:
        """The next batch, or nothing."""
        batch = self._records.next_batch()
        if batch is None:
            return None
        begin = self._at
        self._at += _OVERHEAD + _LENGTH.unpack_from(self._raw, begin + _LENGTH_AT)[0]
        return _Batch(batch, self._raw, slice(begin, self._at))


class _Batch:
    """A batch; read once more, slowly, from the record on at which the quick way gives up."""

    def __init__(self, batch: Any, raw: bytes, place: slice) -> None:
        self._batch = batch
        self._raw = raw
        self._place = place

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        seen = 0
        try:
            for record in self._batch:
                yield record
                seen += 1
        except (UnicodeDecodeError, CorruptRecordException) as error:
            if not isinstance(error.__cause__ or error, UnicodeDecodeError):
                raise
            yield from islice(_SlowBatch(self._raw[self._place]), seen, None)


class _SlowBatch(_DefaultRecordBatchPy):  # type: ignore[misc] # final, and yet the one that can be mended
    """`aiokafka`'s reader in Python, over bytes that are text whatever they hold."""

    def __iter__(self) -> "_SlowBatch":
        super().__iter__()
        self._buffer: bytearray = _Bytes(self._buffer)
        return self


class _Bytes(bytearray):
    """What is no UTF-8 becomes U+FFFD: a name with surrogates could be neither sent on nor stored."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Bytes(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        """As `bytearray.decode`, but for its default."""
        return super().decode(encoding, errors)


fetcher.MemoryRecords = ForgivingRecords
