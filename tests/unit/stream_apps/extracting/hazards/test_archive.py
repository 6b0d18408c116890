"""Zip-based documents that hide something."""

import io
import random
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.checks import check
from muniment.stream_apps.extracting.hazards.signatures import EICAR
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.extracting.media_types import DOCX, EPUB

Entries = dict[str, bytes | str]
Write = Callable[[bytes | str], Path]
Zipped = Callable[[Entries], bytes]
WithParts = Callable[[Entries], bytes]
MIB = 1024 * 1024


def refusal(path: Path, limits: Limits | None = None) -> ErrorCode:
    with pytest.raises(Refused) as caught:
        check(path, limits=limits)
    return caught.value.code


def test_a_bomb_is_refused_before_it_is_unpacked(write: Write, with_parts: WithParts) -> None:
    """Many times its size, too much in all, too much in one part, too many entries: each has a limit."""
    path = write(with_parts({"word/media/zeros.bin": bytes(12 * MIB)}))
    assert refusal(path) == ErrorCode.ARCHIVE_BOMB
    assert refusal(path, Limits(archive_ratio_max=10**6, archive_bytes_max=MIB)) == ErrorCode.ARCHIVE_BOMB
    assert refusal(path, Limits(archive_ratio_max=10**6, archive_entry_bytes_max=MIB)) == ErrorCode.TOO_LARGE
    assert check(path, limits=Limits(archive_ratio_max=10**6)) == DOCX
    many = write(with_parts({f"word/{number}.xml": "" for number in range(200)}))
    assert refusal(many, Limits(archive_entries_max=150)) == ErrorCode.ARCHIVE_BOMB


def test_a_directory_that_lists_millions_is_not_even_read(write: Write, with_parts: WithParts) -> None:
    """The size of the directory is looked at before it is loaded."""
    many = write(with_parts({f"word/{'x' * 200}{number}.xml": "" for number in range(300)}))
    assert refusal(many, Limits(archive_entries_max=20)) == ErrorCode.ARCHIVE_BOMB


def test_archives_within_archives_are_refused_from_a_depth(
    write: Write, with_parts: WithParts, zipped: Zipped, docx_bytes: bytes
) -> None:
    """An embedded workbook is usual, one more level is not; packed images are no archives."""
    assert check(write(with_parts({"word/embeddings/book.xlsx": zipped({"a": "b"})}))) == DOCX
    deep = zipped({"inner.zip": zipped({"a": "b"})})
    assert refusal(write(with_parts({"word/embeddings/book.xlsx": deep}))) == ErrorCode.ARCHIVE_BOMB
    assert refusal(write(with_parts({"word/x.bin": b"Rar!\x1a\x07\x00"}))) == ErrorCode.ARCHIVE_BOMB
    assert check(write(with_parts({"word/media/image1.emz": b"\x1f\x8b\x08"}))) == DOCX


def test_nested_archives_count_as_part_of_the_whole(write: Write, with_parts: WithParts, zipped: Zipped) -> None:
    """What a nested archive unpacks to is taken from the same budget."""
    nested = zipped({"a": random.Random(1).randbytes(MIB)})
    limits = Limits(archive_bytes_max=2 * MIB)
    assert refusal(write(with_parts({"word/embeddings/a.xlsx": nested, "word/x": bytes(1000)})), limits) == (
        ErrorCode.ARCHIVE_BOMB
    )


def test_entries_that_share_their_bytes_are_refused(write: Write, docx_bytes: bytes) -> None:
    """The overlapping bomb of D. Fifield: the same packed bytes, listed many times."""
    with zipfile.ZipFile(io.BytesIO(docx_bytes)) as archive:
        start = archive.start_dir
        largest = max(archive.infolist(), key=lambda entry: entry.compress_size)
    listed = docx_bytes[start:]
    entries = listed[: listed.rindex(b"PK\x05\x06")]
    position = entries.index(largest.filename.encode()) - 46
    name, extra, comment = struct.unpack("<3H", entries[position + 28 : position + 34])
    one = entries[position : position + 46 + name + extra + comment]
    copies = b"".join(one.replace(b".xml", b".x%02d" % number) for number in range(60))
    copies = b"".join(one[:46] + one[46:].replace(b"st", b"%02d" % number, 1) for number in range(60))
    directory = entries + copies
    count = entries.count(b"PK\x01\x02") + 60
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)
    assert refusal(write(docx_bytes[:start] + directory + end)) == ErrorCode.ARCHIVE_BOMB


def test_passwords_are_refused(write: Write, docx_bytes: bytes) -> None:
    """An entry with the encryption flag, and Office's own container for protected documents."""
    flagged = bytearray(docx_bytes)
    at = flagged.index(b"PK\x01\x02")
    flagged[at + 8] |= 1
    assert refusal(write(bytes(flagged))) == ErrorCode.ENCRYPTED_DOCUMENT
    office = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2_000_000) + "EncryptedPackage".encode("utf-16-le")
    assert refusal(write(office)) == ErrorCode.ENCRYPTED_DOCUMENT


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("word/vbaProject.bin", b"\xcc\x61"),
        ("word/activeX/activeX1.bin", b"x"),
        ("word/embeddings/setup.exe", b"anything"),
        ("word/embeddings/image.png", b"MZ\x90\x00\x03"),
        ("word/embeddings/image.png", b"\x7fELF\x02\x01"),
        ("word/embeddings/oleObject1.bin", b"\xd0\xcf" + bytes(5000) + b"This program cannot be run in DOS mode."),
        ("word/footnotes.xml", b'<w:instrText xml:space="preserve"> DDEAUTO c:\\\\x.exe </w:instrText>'),
        (
            "word/_rels/settings.xml.rels",
            b'<Relationship Type="http://x/attachedTemplate" Target="https://x/y.dotm" TargetMode="External"/>',
        ),
    ],
)
def test_what_acts_by_itself_is_refused(write: Write, with_parts: WithParts, name: str, data: bytes) -> None:
    """Macros, controls, programs, DDE fields and remote templates."""
    assert refusal(write(with_parts({name: data}))) == ErrorCode.ACTIVE_CONTENT


def test_parts_made_to_stall_a_pattern_do_not(write: Write, with_parts: WithParts) -> None:
    """Elements without an end are searched once, not once for each."""
    parts: Entries = {"word/_rels/x.rels": b"<Relationship " * 200_000, "word/y.xml": b"<w:instrText " * 200_000}
    assert check(write(with_parts(parts))) == DOCX


def test_a_macro_enabled_type_is_refused(write: Write, with_parts: WithParts) -> None:
    """A document that declares itself able to carry macros is refused for that."""
    types = '<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>'
    assert refusal(write(with_parts({"[Content_Types].xml": types}))) == ErrorCode.ACTIVE_CONTENT


def test_the_test_virus_is_found_when_packed(write: Write, with_parts: WithParts, zipped: Zipped) -> None:
    """Also in an archive within."""
    assert refusal(write(with_parts({"word/media/a.txt": b"x" * 100 + EICAR}))) == ErrorCode.MALWARE
    assert refusal(write(with_parts({"word/embeddings/a.xlsx": zipped({"a": EICAR})}))) == ErrorCode.MALWARE


def test_entity_bombs_are_refused(write: Write, with_parts: WithParts) -> None:
    """XML that declares entities has no place in a Word document, in whatever encoding."""
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    for codec in ("utf-8", "utf-16"):
        path = write(with_parts({"word/document.xml": laughs.encode(codec)}))
        assert refusal(path) == ErrorCode.UNREADABLE_DOCUMENT


def test_two_entries_of_one_name_are_refused(write: Write, docx_bytes: bytes) -> None:
    """Which of the two is the document depends on the reader."""
    buffer = io.BytesIO(docx_bytes)
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("word/document.xml", "<x/>")
    assert refusal(write(buffer.getvalue())) == ErrorCode.POLYGLOT


def test_a_damaged_archive_is_unreadable(write: Write, docx_bytes: bytes) -> None:
    """A zip cut off in the middle cannot be opened, and says so without quoting it."""
    assert refusal(write(docx_bytes[: len(docx_bytes) // 2])) == ErrorCode.UNREADABLE_DOCUMENT


def test_protected_books_are_refused_and_hidden_fonts_are_not(
    write: Write, zipped: Zipped, epub_entries: Entries
) -> None:
    """A book's encryption file may concern its text or only its fonts."""
    form = '<encryption><enc:EncryptionMethod Algorithm="{}"/></encryption>'
    fonts = form.format("http://www.idpf.org/2008/embedding")
    text = form.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    assert check(write(zipped(epub_entries | {"META-INF/encryption.xml": fonts}))) == EPUB
    assert refusal(write(zipped(epub_entries | {"META-INF/encryption.xml": text}))) == ErrorCode.ENCRYPTED_DOCUMENT


def test_scripts_of_a_book_are_dropped_like_those_of_a_page(
    write: Write, zipped: Zipped, epub_entries: Entries
) -> None:
    """A book may hold scripts as a page may: they are not read."""
    assert check(write(zipped(epub_entries | {"OEBPS/x.js": "alert(1)"}))) == EPUB
