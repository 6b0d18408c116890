"""Batches as other clients may write them, which `aiokafka` itself would not."""

import struct

from aiokafka import AIOKafkaProducer
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c

from muniment.schemas.record import Record

STAND_IN = "a name that stands in"
_CRC_AT, _AFTER_CRC = 17, 21


def with_name(raw: bytes, name: bytes) -> bytes:
    """The batch with the bytes of a name in the place of the stand-in's, its checksum made anew."""
    changed = bytearray(raw.replace(STAND_IN.encode(), name.ljust(len(STAND_IN), b".")))
    changed[_CRC_AT:_AFTER_CRC] = struct.pack(">I", calc_crc32c(bytes(changed[_AFTER_CRC:])))
    return bytes(changed)


def batch_of(*values: bytes, named: int | None = None, codec: int = 0) -> bytes:
    """A batch of records with these values; the `named`-th has a header of the stand-in's name, the others of none."""
    builder = DefaultRecordBatchBuilder(2, codec, False, -1, -1, -1, 1_000_000)
    for offset, value in enumerate(values):
        headers = [("before", b"1"), (STAND_IN, b"2"), ("after", None)] if offset == named else [("plain", b"")]
        builder.append(offset, 1000, b"key", value, headers)
    return bytes(builder.build())


async def send_named(bootstrap: str, record: Record, name: bytes, *, partition: int = 0) -> None:
    """Send a record with one header more, of that name."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        batch = producer.create_batch()
        batch.append(
            key=record.key, value=record.value, timestamp=None, headers=[*record.headers, (STAND_IN, b"strange")]
        )
        batch.close()
        batch._buffer = with_name(batch._build(), name)
        await (await producer.send_batch(batch, record.topic, partition=partition))
