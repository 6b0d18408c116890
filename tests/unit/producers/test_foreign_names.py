"""Headers whose names are no UTF-8."""

import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from support.raw_batches import STAND_IN, batch_of, with_name

import muniment.producers.consumed
from muniment.producers.foreign_names import ForgivingRecords

GZIP = 1
VALUES = [b"0", b"1", b"2", b"3"]


def read(raw: bytes) -> list[tuple[int, bytes, list[tuple[str, bytes | None]]]]:
    """Offset, value and headers of all that is in these bytes."""
    records, out = ForgivingRecords(raw), []
    while records.has_next():
        batch = records.next_batch()
        assert batch.validate_crc()
        out += [(one.offset, bytes(one.value), one.headers) for one in batch]
        assert batch.next_offset == len(VALUES)
    assert records.next_batch() is None
    return out


@pytest.mark.parametrize("name", [b"\xff\xfe\x00", b"\xed\xa0\x80", b"\xc3", b"na\x00me"])
@pytest.mark.parametrize("place", range(len(VALUES)))
def test_a_record_with_such_a_name_is_read_like_the_others(name: bytes, place: int) -> None:
    """Each once, in order, wherever it lies in its batch; the name is text, and everything else is as it was."""
    raw = with_name(batch_of(*VALUES, named=place), name)
    found = read(batch_of(*VALUES) + raw + batch_of(*VALUES))
    assert [value for _, value, _ in found] == VALUES * 3
    assert [offset for offset, _, _ in found] == [0, 1, 2, 3] * 3
    told = name.ljust(len(STAND_IN), b".").decode("utf-8", "replace")
    assert found[4 + place][2] == [("before", b"1"), (told, b"2"), ("after", None)]
    assert all(headers == [("plain", b"")] for n, (_, _, headers) in enumerate(found) if n != 4 + place)


def test_what_is_compressed_is_read_as_before() -> None:
    """And what follows it is found."""
    raw = batch_of(*VALUES, codec=GZIP)
    assert [value for _, value, _ in read(raw + batch_of(*VALUES))] == VALUES * 2


def test_a_batch_that_is_broken_stays_so() -> None:
    """Only names are forgiven: a record that says it is longer than it is still raises."""
    raw = batch_of(*VALUES)
    records = ForgivingRecords(raw[:61] + b"\x7f" + raw[62:])
    with pytest.raises(CorruptRecordException):
        list(records.next_batch())


def test_every_consumer_reads_so() -> None:
    """Whoever makes records of messages has put it in the place of aiokafka's own."""
    assert muniment.producers.consumed.record_of is not None
    assert fetcher.MemoryRecords is ForgivingRecords
