"""Byte patterns that no document has any business to hold, searched for as the bytes stream by."""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused

PIECE = 1024 * 1024
HEAD = 16

# In two parts, or this very file would be taken for malware (the test string of eicar.org).
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_DOS_STUB = b"This program cannot be run in DOS mode"

_EXECUTABLE_HEADS = (
    b"MZ",
    b"\x7fELF",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",
    b"#!",
    b"L\x00\x00\x00\x01\x14\x02\x00",  # a Windows shortcut
)
_SUFFIXES = (
    ".exe .dll .scr .com .bat .cmd .ps1 .vbs .vbe .wsf .hta .lnk .msi .jar .class .cpl .pif .reg .sh .elf .so .dylib "
    ".app .apk"
)
EXECUTABLE_SUFFIXES = frozenset(_SUFFIXES.split())


def file_pieces(path: Path) -> Iterable[bytes]:
    """Yield the file's bytes, a mebibyte at a time."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def find(pieces: Iterable[bytes], needles: Iterable[bytes]) -> bytes | None:
    """Return the first needle that occurs, also across the borders of pieces."""
    wanted = tuple(needles)
    overlap = max(map(len, wanted)) - 1
    tail = b""
    for piece in pieces:
        window = tail + piece
        for needle in wanted:
            if needle in window:
                return needle
        tail = window[-overlap:]
    return None


def refuse_malware(pieces: Iterable[bytes]) -> None:
    """Raise `Refused(MALWARE)` when the anti-virus test string is there."""
    if find(pieces, [EICAR]) is not None:
        raise _malware()


def refuse_embedded_malware(pieces: Iterable[bytes]) -> None:
    """As `refuse_malware`, for parts of a container, where a Windows program is not welcome either."""
    found = find(pieces, [EICAR, _DOS_STUB])
    if found == EICAR:
        raise _malware()
    if found is not None:
        raise Refused(ErrorCode.ACTIVE_CONTENT, "The document holds an embedded program.")


def refuse_executable(name: str, head: bytes) -> None:
    """Raise `Refused(ACTIVE_CONTENT)` when an embedded file is a program, by its first bytes or its name."""
    suffix = PurePosixPath(name.lower().rstrip(". ")).suffix
    if suffix in EXECUTABLE_SUFFIXES or head.startswith(_EXECUTABLE_HEADS):
        raise Refused(ErrorCode.ACTIVE_CONTENT, "The document holds an embedded program.")


def _malware() -> Refused:
    return Refused(ErrorCode.MALWARE, "The document holds the EICAR anti-virus test string.")
