"""Zip-based documents: bombs, passwords, macros and programs inside are refused before any parser sees them."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, cast
from zipfile import ZipFile, ZipInfo

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.hazards import signatures
from muniment.stream_apps.extracting.hazards.package_parts import refuse_active_part
from muniment.stream_apps.extracting.hazards.zip_directory import read_directory
from muniment.stream_apps.extracting.limits import Limits

DIRECTORY_BYTES_AN_ENTRY = 512
_SPOOL_BYTES = 8 * 1024 * 1024
_ZIP_HEADS = (b"PK\x03\x04", b"PK\x05\x06")
_ARCHIVE_HEADS = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xfd7zXZ\x00", b"BZh", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_PACKED_IMAGES = re.compile(r"\.(emz|wmz|svgz)$", re.IGNORECASE)


class _Budget:
    """What is left for the archive and everything nested in it."""

    def __init__(self, limits: Limits) -> None:
        self.bytes = limits.archive_bytes_max
        self.entries = limits.archive_entries_max


def inspect(path: Path, limits: Limits) -> None:
    """Raise `Refused`: ARCHIVE_BOMB, ENCRYPTED_DOCUMENT, ACTIVE_CONTENT, MALWARE, POLYGLOT, TOO_LARGE."""
    with path.open("rb") as file:
        _inspect(file, limits, _Budget(limits), depth=0)


def _inspect(file: BinaryIO, limits: Limits, budget: _Budget, *, depth: int) -> None:
    directory = read_directory(file)
    if directory is not None and directory.size > limits.archive_entries_max * DIRECTORY_BYTES_AN_ENTRY:
        raise _bomb("lists more entries than a document needs")
    size = file.seek(0, 2)
    with ZipFile(file) as archive:
        entries = archive.infolist()
        _refuse_by_directory(entries, size, limits, budget)
        for entry in entries:
            if not entry.is_dir():
                with archive.open(entry) as part:
                    _inspect_part(entry, part, limits, budget, depth=depth)


def _refuse_by_directory(entries: list[ZipInfo], size: int, limits: Limits, budget: _Budget) -> None:
    """Refuse by what the directory declares; zipfile never unpacks more of an entry than is declared."""
    budget.entries -= len(entries)
    budget.bytes -= sum(entry.file_size for entry in entries)
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Refused(ErrorCode.ENCRYPTED_DOCUMENT, "The document is protected by a password.")
    if budget.entries < 0:
        raise _bomb("lists more entries than a document needs")
    if budget.bytes < 0:
        raise _bomb("unpacks to more than is allowed")
    if sum(entry.compress_size for entry in entries) > size:
        raise _bomb("has entries that overlap")
    if any(_ratio_too_high(entry.file_size, entry.compress_size, limits) for entry in entries):
        raise _bomb("unpacks to many times its size")
    if any(count > 1 for count in Counter(entry.filename for entry in entries).values()):
        raise Refused(ErrorCode.POLYGLOT, "The archive has two entries of the same name: readers would disagree.")
    if any(entry.file_size > limits.archive_entry_bytes_max for entry in entries):
        raise Refused(ErrorCode.TOO_LARGE, "A part of the document is larger than is allowed.")


def _ratio_too_high(unpacked: int, packed: int, limits: Limits) -> bool:
    return unpacked >= limits.archive_ratio_from_bytes and unpacked > max(packed, 1) * limits.archive_ratio_max


def _inspect_part(entry: ZipInfo, part: IO[bytes], limits: Limits, budget: _Budget, *, depth: int) -> None:
    with SpooledTemporaryFile(max_size=_SPOOL_BYTES) as copy:
        head = part.read(signatures.HEAD)
        signatures.refuse_executable(entry.filename, head)
        nested = head.startswith(_ZIP_HEADS)
        signatures.refuse_embedded_malware(_copied(head, part, cast("BinaryIO", copy)))
        refuse_active_part(entry.filename, cast("BinaryIO", copy))
        if nested:
            if depth + 1 >= limits.archive_depth_max:
                raise _bomb("holds archives within archives")
            _inspect(cast("BinaryIO", copy), limits, budget, depth=depth + 1)
        elif head.startswith(_ARCHIVE_HEADS) and not _PACKED_IMAGES.search(entry.filename):
            raise _bomb("holds another archive")


def _copied(head: bytes, part: IO[bytes], copy: BinaryIO) -> Iterator[bytes]:
    piece = head
    while piece:
        copy.write(piece)
        yield piece
        piece = part.read(signatures.PIECE)


def _bomb(how: str) -> Refused:
    return Refused(ErrorCode.ARCHIVE_BOMB, f"The archive {how}.")
