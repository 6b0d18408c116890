"""Files that are two things at once: what one program checks is not what another opens."""

import re
from pathlib import Path
from zipfile import ZipFile

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.guarding import refusing_unreadable
from muniment.stream_apps.extracting.hazards.zip_directory import read_directory

ZIP_HEAD = b"PK\x03\x04"
_PDF_HEAD = re.compile(rb"%PDF-\d")
_READERS_LOOK_BYTES = 1024
"""PDF readers accept a header anywhere in the first 1,024 bytes and an end mark in the last ones."""
BOM_AND_SPACE = b"\xef\xbb\xbf \t\r\n"


def refuse_polyglot(path: Path, *, directory_bytes_max: int) -> None:
    """Raise `Refused(POLYGLOT)` for a file that is also a PDF or also a zip archive.

    A zip's directory larger than `directory_bytes_max` is refused (ARCHIVE_BOMB) before it is loaded.
    """
    with path.open("rb") as file:
        head = file.read(_READERS_LOOK_BYTES)
        file.seek(max(0, path.stat().st_size - _READERS_LOOK_BYTES))
        tail = file.read()
        directory = read_directory(file)
    pdf = _PDF_HEAD.search(head)
    if pdf and head[: pdf.start()].strip(BOM_AND_SPACE) and b"%%EOF" in tail and b"startxref" in tail:
        raise _polyglot("a PDF begins inside a file of another type")
    if directory is None:
        return
    if not head.startswith(ZIP_HEAD):
        raise _polyglot("a zip archive is appended to a file of another type")
    if pdf:
        raise _polyglot("it is a zip archive and a PDF at once")
    if directory.size > directory_bytes_max:
        raise Refused(ErrorCode.ARCHIVE_BOMB, "The archive lists more entries than a document needs.")
    if directory.trailing:
        raise _polyglot("more bytes follow the end of the archive")
    with refusing_unreadable("zip archive"), ZipFile(path) as archive:
        if min((entry.header_offset for entry in archive.infolist()), default=0) != 0:
            raise _polyglot("another file stands in front of the archive")


def _polyglot(how: str) -> Refused:
    return Refused(ErrorCode.POLYGLOT, f"The file is more than one type at once: {how}.")
