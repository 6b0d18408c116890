"""What the last bytes of a zip file say, read before anything trusts them."""

import struct
from dataclasses import dataclass
from typing import BinaryIO

_EOCD = b"PK\x05\x06"
_LOCATOR_BYTES = 20
_ZIP64_EOCD = b"PK\x06\x06"
_TAIL_BYTES = 22 + 65_535 + _LOCATOR_BYTES + 56


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    """Size of the central directory in bytes, and how many bytes follow the end record beyond its comment."""

    size: int
    trailing: int


def read_directory(file: BinaryIO) -> ZipDirectory | None:
    """Return the directory's end record when the file has a plausible one, else None. Moves the position."""
    file_size = file.seek(0, 2)
    file.seek(max(0, file_size - _TAIL_BYTES))
    tail = file.read(_TAIL_BYTES)
    at = tail.rfind(_EOCD)
    if at < 0 or len(tail) - at < 22:  # noqa: PLR2004 - the record's length
        return None
    *_, size, _offset, comment = struct.unpack("<4s4H2LH", tail[at : at + 22])
    zip64 = at - _LOCATOR_BYTES - 56
    if zip64 >= 0 and tail[zip64 : zip64 + 4] == _ZIP64_EOCD:
        size = struct.unpack("<4sQ2H2L4Q", tail[zip64 : zip64 + 56])[8]
        at = zip64
    end = file_size - len(tail) + at
    if size > end:
        return None
    file.seek(end - size)
    entry = file.read(4)
    if entry != b"PK\x01\x02":
        return None
    after = len(tail) - tail.rfind(_EOCD) - 22 - comment
    return ZipDirectory(size, max(0, after))
