"""Leaves from the bytes of a broker's answer."""

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from muniment.producers.sealing.batches import CorruptBatch, leaves_of
from muniment.schemas.proofs.leaves import Gap, GapReason, LogRecord

CONTROL = 0x20
CRC_AT, ATTRIBUTES_AT, BASE_AT = 17, 21, 0


def batch(base: int, offsets: list[int], *, control: bool = False) -> bytes:
    """A record batch as a broker keeps it, with these of its offsets."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=1 if control else 0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=999_999,
    )
    for offset in offsets:
        builder.append(offset - base, 1000 + offset, b"k", b"v%d" % offset, [("h", None), ("g", b"x")])
    raw = bytearray(builder.build())
    raw[BASE_AT : BASE_AT + 8] = base.to_bytes(8, "big")
    if control:
        raw[ATTRIBUTES_AT + 1] |= CONTROL
        raw[CRC_AT : CRC_AT + 4] = crc32c(bytes(raw[ATTRIBUTES_AT:])).to_bytes(4, "big")
    return bytes(raw)


def crc32c(data: bytes) -> int:
    """CRC-32C (Castagnoli), bit by bit."""
    out = 0xFFFFFFFF
    for byte in data:
        out ^= byte
        for _ in range(8):
            out = out >> 1 ^ (0x82F63B78 if out & 1 else 0)
    return out ^ 0xFFFFFFFF


def shape(raw: bytes, at: int = 0) -> list[int | tuple[int, int, str]]:
    """Offsets of records, and gaps."""
    leaves, after = leaves_of(raw, "t", 3, at)
    assert after == (leaves[-1].next_offset if leaves else at)
    return [
        leaf.offset if isinstance(leaf, LogRecord) else (leaf.offset, leaf.next_offset, leaf.reason) for leaf in leaves
    ]


def test_records_are_taken_over_as_they_are() -> None:
    """With place, time, key, value and headers, null ones too."""
    (leaf,), after = leaves_of(batch(7, [7]), "t", 3, 7)
    assert leaf == LogRecord("t", 3, 7, 1007, b"k", (("h", None), ("g", b"x")), b"v7")
    assert after == 8


def test_every_offset_has_a_leaf() -> None:
    """Markers of transactions, and holes between and within batches, each as what they are."""
    raw = batch(0, [0, 1]) + batch(2, [2], control=True) + batch(5, [5, 6, 9])
    assert shape(raw) == [0, 1, (2, 3, "control"), (3, 5, "missing"), 5, 6, (7, 9, "missing"), 9]


def test_reading_may_begin_anywhere() -> None:
    """A broker sends whole batches: what lies before is passed by."""
    raw = batch(0, [0, 1, 2]) + batch(3, [3], control=True) + batch(4, [4])
    whole = shape(raw)
    for at in range(5):
        assert shape(raw, at) == whole[at:]
    assert shape(b"", 5) == []


def test_a_batch_that_came_only_in_part_waits() -> None:
    """The next fetch begins with it."""
    second = batch(2, [2, 3])
    assert shape(batch(0, [0, 1]) + second[:-1]) == [0, 1]


def test_a_changed_byte_is_told_with_the_batch_that_it_is_in() -> None:
    """The broker's own checksum does not look at what it hands out."""
    raw = bytearray(batch(0, [0]) + batch(1, [1, 2]))
    raw[-3] ^= 1
    assert shape(bytes(raw)) == [0], "what lies before it is not lost with it"
    with pytest.raises(CorruptBatch, match="offsets 1 to 2") as told:
        leaves_of(bytes(raw), "t", 3, 1)
    assert (told.value.offset, told.value.next_offset) == (1, 3)
    assert Gap("t", 3, 1, 3, GapReason.MISSING).next_offset == told.value.next_offset


LENGTH_AT, MAGIC_AT = 8, 16


def summed(raw: bytearray) -> bytes:
    """The batch with the checksum that its bytes have."""
    raw[CRC_AT : CRC_AT + 4] = crc32c(bytes(raw[ATTRIBUTES_AT:])).to_bytes(4, "big")
    return bytes(raw)


def damaged(place: int, byte: int) -> bytes:
    raw = bytearray(batch(1, [1, 2]))
    raw[place] = byte
    return summed(raw)


UNREADABLE = {
    "an older form": (damaged(MAGIC_AT, 1), 2),
    "the oldest form": (damaged(MAGIC_AT, 0), 2),
    "too short": (damaged(LENGTH_AT + 3, 5), 2),
    "an unknown compression": (damaged(ATTRIBUTES_AT + 1, 7), 3),
    "not compressed as it says": (damaged(ATTRIBUTES_AT + 1, 1), 3),
    "a header's name that is no UTF-8": (summed(bytearray(batch(1, [1, 2]).replace(b"\x02h", b"\x02\xff"))), 3),
}


@pytest.mark.parametrize(("raw", "end"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_batch_that_cannot_be_read_is_told_too(raw: bytes, end: int) -> None:
    """Whatever the parser raises: anything but `CorruptBatch` would end the sealer, and with it all work."""
    with pytest.raises(CorruptBatch, match="cannot be read") as told:
        leaves_of(raw, "t", 3, 1)
    assert (told.value.offset, told.value.next_offset) == (1, end)
    assert shape(batch(0, [0]) + raw)[0] == 0, "what lies before it is not lost with it"
