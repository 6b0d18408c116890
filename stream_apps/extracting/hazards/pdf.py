"""PDF: passwords, scripts, launch actions and attached programs are refused.

The bytes are searched where they lie (mapped, not read), and object streams are inflated in bounded pieces.
"""

import mmap
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pypdfium2
from pypdfium2 import raw

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.hazards import signatures
from muniment.stream_apps.extracting.limits import Limits

_SPACE = rb"(?:[\x00\t\n\f\r ]|%[^\r\n]{0,200}[\r\n]){0,20}"
_REFERENCE = rb"\d{1,9}[\x00\t\n\f\r ]{1,5}\d{1,5}[\x00\t\n\f\r ]{1,5}R\b"
_INFLATED_BYTES_MAX = 16 * 1024 * 1024
_DICTIONARY_BYTES_MAX = 2048
_ATTACHMENTS_MAX = 1_000
_OPENINGS_MAX = 20


def _name(name: bytes) -> bytes:
    """Return a pattern for a PDF name, any letter of which may be written as #xx."""
    letters = (rb"(?:%c|#(?i:%02x))" % (letter, letter) for letter in name)
    return b"/" + b"".join(letters) + rb"(?![A-Za-z0-9_])"


_ACTIONS = re.compile(
    _name(b"S")
    + _SPACE
    + b"(?:"
    + b"|".join(map(_name, [b"JavaScript", b"Launch", b"ImportData", b"Rendition"]))
    + b")"
)
_SCRIPT_TREE = re.compile(_name(b"JavaScript") + _SPACE + rb"(?:<<|endobj|" + _REFERENCE + b")")
_OPENING = re.compile(
    _name(b"OpenAction") + _SPACE + rb"(?:<<(?P<inline>[^>]{0,300})|(?P<number>\d{1,9})\s+\d{1,5}\s+R)", re.DOTALL
)
_CALLS_OUT = re.compile(
    _name(b"S") + _SPACE + b"(?:" + b"|".join(map(_name, [b"URI", b"SubmitForm", b"GoToR", b"GoToE"])) + b")"
)
_ATTACHED_NAME = re.compile(rb"/U?F\s*\(([^()\\]{1,200}\.[A-Za-z0-9]{1,5})\)")
_OBJECT_STREAM = re.compile(_name(b"Type") + _SPACE + _name(b"ObjStm"))


def inspect(path: Path, limits: Limits) -> None:
    """Raise `Refused`: ENCRYPTED_DOCUMENT, UNREADABLE_DOCUMENT, ACTIVE_CONTENT, ARCHIVE_BOMB, MALWARE."""
    _ask_pdfium(path)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        _refuse_active(data)
        left = limits.archive_bytes_max
        for inflated in _object_streams(data):
            left -= len(inflated)
            if left < 0:
                raise Refused(ErrorCode.ARCHIVE_BOMB, "The PDF unpacks to more than is allowed.")
            _refuse_active(inflated)


def _ask_pdfium(path: Path) -> None:
    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD or "password" in str(error).lower():
            raise Refused(ErrorCode.ENCRYPTED_DOCUMENT, "The PDF is protected by a password.") from None
        raise Refused(ErrorCode.UNREADABLE_DOCUMENT, "The PDF is damaged: it cannot be opened.") from None
    try:
        if raw.FPDF_GetSecurityHandlerRevision(document) != -1:
            # It opens without a password, but what it hides cannot be inspected.
            raise Refused(ErrorCode.ENCRYPTED_DOCUMENT, "The PDF is encrypted, so it cannot be inspected.")
        if raw.FPDFDoc_GetJavaScriptActionCount(document) > 0:
            raise _active("JavaScript")
        for index in range(min(document.count_attachments(), _ATTACHMENTS_MAX)):
            _refuse_attachment(document.get_attachment(index))
    finally:
        document.close()


def _refuse_attachment(attachment: pypdfium2.PdfAttachment) -> None:
    try:
        data = bytes(attachment.get_data())
    except pypdfium2.PdfiumError:
        data = b""  # listed, but not there: nothing to run
    signatures.refuse_executable(attachment.get_name(), data[: signatures.HEAD])
    signatures.refuse_embedded_malware([data])


def _refuse_active(data: bytes | mmap.mmap) -> None:
    if _ACTIONS.search(data) or _SCRIPT_TREE.search(data):
        raise _active("scripts or actions that start programs")
    for match in _ATTACHED_NAME.finditer(data):
        if b"://" not in match[1]:  # a site under .com is no program
            signatures.refuse_executable(match[1].decode("latin-1"), b"")
    openings = list(islice(_OPENING.finditer(data), _OPENINGS_MAX + 1))
    if len(openings) > _OPENINGS_MAX:
        raise _active("more opening actions than a document needs")  # each costs a search of the whole
    for opening in openings:
        action = opening["inline"] or _object(data, opening["number"])
        if _CALLS_OUT.search(action):
            raise _active("an action that calls out when it is opened")


def _object(data: bytes | mmap.mmap, number: bytes | None) -> bytes:
    match = re.search(rb"(?<!\d)%b\s+\d{1,5}\s+obj(.{0,300})" % (number or b"0"), data, re.DOTALL)
    return match[1].partition(b"endobj")[0] if match else b""


def _object_streams(data: mmap.mmap) -> Iterator[bytes]:
    for match in _OBJECT_STREAM.finditer(data):
        start = data.find(b"stream", match.end(), match.end() + _DICTIONARY_BYTES_MAX)
        if start >= 0:
            start += 8 if data[start + 6 : start + 8] == b"\r\n" else 7
            yield _inflated(data, start)


def _inflated(data: mmap.mmap, start: int) -> bytes:
    """Inflate one stream; one that is packed in another way gives nothing (the plain bytes were searched)."""
    decoder = zlib.decompressobj()
    found = b""
    try:
        while not decoder.eof and start < len(data):
            found += decoder.decompress(data[start : start + 65_536], _INFLATED_BYTES_MAX - len(found))
            start += 65_536
            if decoder.unconsumed_tail or len(found) >= _INFLATED_BYTES_MAX:
                raise Refused(ErrorCode.ARCHIVE_BOMB, "A stream of the PDF unpacks to more than is allowed.")
    except zlib.error:
        return found
    return found


def _active(what: str) -> Refused:
    return Refused(ErrorCode.ACTIVE_CONTENT, f"The PDF holds {what}.")
