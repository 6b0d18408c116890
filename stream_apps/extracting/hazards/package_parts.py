"""Parts of Office packages and books that act by themselves, call elsewhere, or hide behind a key."""

import re
from pathlib import PurePosixPath
from typing import BinaryIO

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused

_MACROS = frozenset(["vbaproject.bin", "vbadata.xml"])
_ENTITY = re.compile(rb"<\x00?!\x00?E\x00?N\x00?T\x00?I\x00?T\x00?Y")
_DDE = re.compile(rb"<w:instrText[^<>]*>\s*DDE(?:AUTO)?\b")
_REMOTE = re.compile(rb"^(?:https?:|ftp:|\\\\|file:////)", re.IGNORECASE)
_RELATIONSHIP = re.compile(rb"<Relationship\b[^<>]*>")
_ALGORITHM = re.compile(rb"""<(?:\w+:)?EncryptionMethod[^<>]*\bAlgorithm\s*=\s*["']([^"']*)""")
_FONT_OBFUSCATION = (b"http://www.idpf.org/2008/embedding", b"http://ns.adobe.com/pdf/enc#RC")


def refuse_active_part(name: str, copy: BinaryIO) -> None:
    """Raise `Refused` for macros, ActiveX, DDE fields, remote templates, XML entities and protected books.

    `copy` holds the part's unpacked bytes, already bounded by the limits.
    """
    path = PurePosixPath(name.lower())
    if path.name in _MACROS or "activex" in path.parts:
        raise Refused(ErrorCode.ACTIVE_CONTENT, "The document holds macros or ActiveX controls.")
    if path.suffix not in {".xml", ".rels", ".opf", ".ncx"}:
        return
    copy.seek(0)
    data = copy.read()
    if _ENTITY.search(data):
        raise Refused(
            ErrorCode.UNREADABLE_DOCUMENT, "The document's XML declares entities, which are not expanded here."
        )
    if _DDE.search(data):
        raise Refused(ErrorCode.ACTIVE_CONTENT, "The document holds a DDE field, which starts other programs.")
    if path.suffix == ".rels":
        _refuse_remote_template(data)
    if path.name == "encryption.xml":
        _refuse_protected(data)


def _refuse_remote_template(data: bytes) -> None:
    for relationship in _RELATIONSHIP.findall(data):
        target = re.search(rb"""Target\s*=\s*["']([^"']*)""", relationship)
        if b"/attachedTemplate" in relationship and target and _REMOTE.match(target[1]):
            raise Refused(ErrorCode.ACTIVE_CONTENT, "The document loads its template from elsewhere.")


def _refuse_protected(data: bytes) -> None:
    # Fonts are often obfuscated, which hides no text.
    if any(algorithm not in _FONT_OBFUSCATION for algorithm in _ALGORITHM.findall(data)):
        raise Refused(ErrorCode.ENCRYPTED_DOCUMENT, "The book is protected by a key.")
