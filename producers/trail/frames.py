"""Records as bytes in a file, one frame after the other: length, checksum, body. Pure.

A process that is killed while it writes leaves half a frame at the end. It is told by its length or its checksum
(CRC-32) and left out: nobody was answered on its account.
"""

import struct
import zlib

from muniment.schemas.record import Record

_HEAD = struct.Struct(">II")
_SIZE = struct.Struct(">I")


def framed(record: Record) -> bytes:
    """The frame of a record that was not sent yet."""
    parts = [record.topic.encode(), record.key, record.value]
    for name, value in record.headers:
        parts += [name.encode(), value]
    body = b"".join(_SIZE.pack(len(part)) + part for part in parts)
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def unframed(data: bytes) -> list[Record]:
    """The records of all whole frames, in order; what follows the first that is not whole is left out."""
    found, at = [], 0
    while at + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, at)
        body = data[at + _HEAD.size : at + _HEAD.size + length]
        if not length or len(body) < length or zlib.crc32(body) != checksum:
            break
        found.append(_record(body))
        at += _HEAD.size + length
    return found


def _record(body: bytes) -> Record:
    parts, at = [], 0
    while at < len(body):
        (size,) = _SIZE.unpack_from(body, at)
        parts.append(body[at + _SIZE.size : at + _SIZE.size + size])
        at += _SIZE.size + size
    topic, key, value, *rest = parts
    headers = tuple((name.decode(), value) for name, value in zip(rest[::2], rest[1::2], strict=True))
    return Record(topic.decode(), key, value, headers)
