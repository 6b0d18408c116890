"""The media type by content; a file's claimed name only chooses among kinds of text, which no one can tell apart."""

import codecs
import re
from pathlib import Path, PurePath
from zipfile import ZipFile

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting import libmagic
from muniment.stream_apps.extracting.guarding import refusing_unreadable
from muniment.stream_apps.extracting.hazards.polyglot import BOM_AND_SPACE, ZIP_HEAD
from muniment.stream_apps.extracting.media_types import FORMATS, HTML, MARKDOWN, PDF, PLAIN, MediaType

_SAMPLE_BYTES = 64 * 1024
_CONTROL_SHARE_MAX = 0.01
_OLE_HEAD = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_MAIN_PART = re.compile(rb"""ContentType\s*=\s*["']([^"']+\.main\+xml)["']""")
_NOT_PLAIN = frozenset(["text/rtf", "text/xml", "text/calendar", "text/vcard", "text/x-msdos-batch"])
"""Text to libmagic, yet markup of formats that are not read here."""
_ALSO_TEXT = re.compile(
    r"text/|message/|application/(?:javascript|x-(?:tex|wine-extension-ini|setupscript|subrip|yaml))"
)
_HTML_TAG = re.compile(rb"<(?:!doctype html|html|head|body|div|p|h[1-6]|table|ul|a)[\s>]", re.IGNORECASE)
_XHTML_ROOT = re.compile(rb"\A(?:[^<]|<[?!][^>]*>){0,40}<html[\s>]", re.IGNORECASE)
_MARKDOWN_SIGNS = (
    re.compile(rb"^#{1,6} \S", re.MULTILINE),
    re.compile(rb"^(?:```|~~~)", re.MULTILINE),
    re.compile(rb"\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)"),
    re.compile(rb"\*\*[^*\n]{1,200}\*\*"),
)


def detect(path: Path, file_name_hint: str | None) -> MediaType:
    """Return the media type of one of `FORMATS`.

    Raises `Refused`: TYPE_NOT_ALLOWED, ENCRYPTED_DOCUMENT, ACTIVE_CONTENT (macro-enabled), UNREADABLE_DOCUMENT.
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    if sample.startswith(ZIP_HEAD):
        return _container(path)
    if sample.startswith(_OLE_HEAD):
        raise _old_office(path)
    if sample.lstrip(BOM_AND_SPACE).startswith(b"%PDF-"):
        return PDF
    return _refined(_kind_of_text(path, sample), sample, file_name_hint)


def _kind_of_text(path: Path, sample: bytes) -> MediaType:
    found, charset = libmagic.describe(path)
    if found == PDF:
        # The header is somewhere further in: a text that quotes it, or something that is neither.
        found, charset = "application/octet-stream", "binary"
    if charset == "binary" and found.startswith("text/") and not _reads_as_text(sample):
        raise _not_allowed("application/octet-stream")  # libmagic says so of a short ELF file
    known = _by_magic_name(found)
    if known is None and found == "text/xml" and _XHTML_ROOT.match(sample):
        known = HTML
    if known is None and found not in _NOT_PLAIN and _is_text(found, charset, sample):
        known = PLAIN
    if known is None:
        raise _not_allowed(found)
    return known


def _by_magic_name(found: str) -> MediaType | None:
    # A zip-based type is believed from its own directory only.
    return next(
        (type_ for type_, format_ in FORMATS.items() if not format_.container and found in (type_, *format_.magic)),
        None,
    )


def _is_text(found: str, charset: str, sample: bytes) -> bool:
    if charset != "binary":
        return _ALSO_TEXT.match(found) is not None
    return found == "application/octet-stream" and _reads_as_text(sample)


def _reads_as_text(sample: bytes) -> bool:
    """One NUL makes libmagic say "binary"; a stray one in UTF-8 is still a text."""
    if sample.startswith(_BOMS):
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return len(_CONTROLS.findall(sample)) <= max(1, len(sample) * _CONTROL_SHARE_MAX)


def _refined(known: MediaType, sample: bytes, file_name_hint: str | None) -> MediaType:
    suffix = PurePath(file_name_hint or "").suffix.lower()
    claimed = next((type_ for type_, format_ in FORMATS.items() if suffix and suffix in format_.suffixes), None)
    if claimed == MARKDOWN:
        return MARKDOWN  # often opens with HTML, and may be anything
    if known != PLAIN:
        return known
    if claimed is not None and (claimed != HTML or _HTML_TAG.search(sample)):
        return claimed
    if not suffix and sum(bool(sign.search(sample)) for sign in _MARKDOWN_SIGNS) > 1:
        return MARKDOWN
    return PLAIN


def _container(path: Path) -> MediaType:
    with refusing_unreadable("zip archive"), ZipFile(path) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        if any(entry.flag_bits & 0x1 for entry in entries.values()):
            raise Refused(ErrorCode.ENCRYPTED_DOCUMENT, "The archive is protected by a password.")
        declared: set[str] = set()
        if "mimetype" in entries:
            with archive.open("mimetype") as part:
                declared.add(part.read(100).decode("latin-1").strip())
        if "[Content_Types].xml" in entries:
            with archive.open("[Content_Types].xml") as part:
                types = part.read(1024 * 1024)
            if b"macroEnabled" in types:
                raise Refused(ErrorCode.ACTIVE_CONTENT, "The document is of a kind that carries macros.")
            declared |= {name.decode("latin-1") for name in _MAIN_PART.findall(types)}
    matches = [type_ for type_, format_ in FORMATS.items() if format_.container in declared]
    if len(matches) > 1:
        raise Refused(ErrorCode.POLYGLOT, "The archive declares more than one type.")
    if not matches:
        raise _not_allowed("application/zip")
    return matches[0]


def _old_office(path: Path) -> Refused:
    with path.open("rb") as file:
        tail = b""
        while piece := file.read(1024 * 1024):
            if _ENCRYPTED_PACKAGE in tail + piece:
                return Refused(ErrorCode.ENCRYPTED_DOCUMENT, "The document is protected by a password.")
            tail = piece[-64:]
    return _not_allowed("application/x-ole-storage")


def _not_allowed(found: str) -> Refused:
    # The name comes from libmagic's table, never from the document.
    return Refused(ErrorCode.TYPE_NOT_ALLOWED, f"Documents of type {found} are not read here.")
