"""What is hashed of a record: its canonical bytes, and those of a gap, where the log has no record to hash.

Version 1, all numbers big-endian; `text` is 4 bytes of length and UTF-8, `bytes?` one byte 0 (null) or 1, and then,
if it is 1, 4 bytes of length and the bytes. So no two different records have the same encoding:

    version 1 byte (1) · kind 1 byte (1 record, 2 gap) · topic text · partition 4 · offset 8
    record:  timestamp in ms 8 (signed) · key bytes? · number of headers 4 · each header: name text, value bytes? ·
             value bytes?
    gap:     offset after the last missing one 8 · reason 1 byte (1 retention, 2 control, 3 missing)

Key, headers and value are as they lie on the log: sealed text is hashed sealed, so that erasing a key breaks no proof.
"""

from dataclasses import dataclass
from enum import StrEnum

VERSION = 1
_RECORD, _GAP = 1, 2


class GapReason(StrEnum):
    """Why offsets have no record.

    `retention`: the log begins after them. `control`: they are markers of transactions, which clients never see.
    `missing`: neither, so somebody took records away.
    """

    RETENTION = "retention"
    CONTROL = "control"
    MISSING = "missing"


_REASONS = {GapReason.RETENTION: 1, GapReason.CONTROL: 2, GapReason.MISSING: 3}


@dataclass(frozen=True, slots=True)
class LogRecord:
    """A record exactly as the broker has it: unlike in `schemas.record.Record`, null is not the same as empty."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None

    @property
    def next_offset(self) -> int:
        """The offset after it."""
        return self.offset + 1


@dataclass(frozen=True, slots=True)
class Gap:
    """Offsets from `offset` to before `next_offset` that have no record."""

    topic: str
    partition: int
    offset: int
    next_offset: int
    reason: GapReason


Leaf = LogRecord | Gap


def encode(leaf: Leaf) -> bytes:
    """The canonical bytes of a leaf; see the module."""
    kind = _RECORD if isinstance(leaf, LogRecord) else _GAP
    head = (
        bytes((VERSION, kind)) + _text(leaf.topic) + leaf.partition.to_bytes(4, "big") + leaf.offset.to_bytes(8, "big")
    )
    if isinstance(leaf, Gap):
        return head + leaf.next_offset.to_bytes(8, "big") + bytes((_REASONS[leaf.reason],))
    parts = [head, leaf.timestamp_ms.to_bytes(8, "big", signed=True), _nullable(leaf.key)]
    parts.append(len(leaf.headers).to_bytes(4, "big"))
    for name, value in leaf.headers:
        parts += (_text(name), _nullable(value))
    parts.append(_nullable(leaf.value))
    return b"".join(parts)


def _text(text: str) -> bytes:
    # A header's name that is no UTF-8 reaches us with surrogates: they stand for the bytes that it had.
    raw = text.encode("utf-8", "surrogateescape")
    return len(raw).to_bytes(4, "big") + raw


def _nullable(value: bytes | None) -> bytes:
    return b"\x00" if value is None else b"\x01" + len(value).to_bytes(4, "big") + value
