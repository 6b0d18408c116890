"""The one entrance: what is let pass, and a test for each reason to refuse."""

import contextlib
import pickle
from collections.abc import Callable
from pathlib import Path

import fpdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.checks import check
from muniment.stream_apps.extracting.extract import extract
from muniment.stream_apps.extracting.hazards.signatures import EICAR
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.extracting.media_types import (
    CSV,
    DOCX,
    EPUB,
    HTML,
    JSON,
    MARKDOWN,
    PDF,
    PLAIN,
    MediaType,
)

Entries = dict[str, bytes | str]
Write = Callable[[bytes | str], Path]
Zipped = Callable[[Entries], bytes]
BuildPdf = Callable[[int], fpdf.FPDF]


def refusal(path: Path, limits: Limits | None = None, hint: str | None = None) -> ErrorCode:
    """Return the code of the refusal; its sentence ends like one and survives pickling."""
    with pytest.raises(Refused) as caught:
        check(path, limits=limits, file_name_hint=hint)
    assert caught.value.detail.endswith(".")
    assert pickle.loads(pickle.dumps(caught.value)).code == caught.value.code
    return caught.value.code


@pytest.mark.parametrize(
    ("data", "hint", "expected"),
    [
        ("Hello, world.\n", None, PLAIN),
        ("x", None, PLAIN),
        ("안녕하세요\n" * 9, "blob", PLAIN),
        ("안녕하세요 여러분\n".encode("cp949"), None, PLAIN),
        ("hello".encode("utf-16"), None, PLAIN),
        (b"one \x00 in a text\n", None, PLAIN),
        ("import os\ndef f():\n    pass\n", "x.py", PLAIN),
        ("From: a@b\nSubject: x\n\nhello", None, PLAIN),
        ("# One\n\nwords [a](b)\n", None, MARKDOWN),
        ("words\n", "README.md", MARKDOWN),
        ("words\n", "README.pdf", PLAIN),
        ("a,b\n1,2\n3,4\n", None, CSV),
        ("a;b\n1;2\n", "x.csv", CSV),
        ('{"a": 1}', None, JSON),
        ('{"a": 1', "x.json", JSON),
        ("<!doctype html><html><body><script>1</script>hi</body></html>", None, HTML),
        ("<p>a fragment</p>", "x.html", HTML),
        ("not a tag in it", "x.html", PLAIN),
        ('<?xml version="1.0"?><!DOCTYPE html><html xmlns="x"><body>a</body></html>', None, HTML),
        ("The header of a file is %PDF-1.4 and `startxref` and %%EOF end it.\n", None, None),
        ("A PDF begins with %PDF-1.4.\n", None, PLAIN),
    ],
)
def test_the_content_decides_and_a_name_only_among_texts(
    write: Write, data: bytes | str, hint: str | None, expected: MediaType | None
) -> None:
    """Text is told from text by a look inside or by its name; nothing else listens to names."""
    if expected is None:
        assert refusal(write(data), hint=hint) == ErrorCode.POLYGLOT
    else:
        assert check(write(data), file_name_hint=hint) == expected


def test_containers_are_known_by_what_they_declare(
    write: Write, docx_bytes: bytes, zipped: Zipped, epub_entries: Entries, pdf: BuildPdf
) -> None:
    """A Word document, a book and a PDF pass, whatever they are called."""
    assert check(write(docx_bytes), file_name_hint="x.txt") == DOCX
    assert check(write(zipped(epub_entries)), file_name_hint="x.zip") == EPUB
    assert check(write(bytes(pdf(3).output())), file_name_hint="x.md") == PDF


@pytest.mark.parametrize(
    "data",
    [
        b"\x7fELF" + bytes(200),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"{\\rtf1 hello}",
        b'<?xml version="1.0"?><a>b</a>',
        bytes(range(256)) * 4,
        bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
    ],
)
def test_other_types_are_refused(write: Write, data: bytes) -> None:
    """What is not on the list is refused, even under a welcome name."""
    assert refusal(write(data), hint="x.pdf") == ErrorCode.TYPE_NOT_ALLOWED


def test_other_archives_are_refused(write: Write, zipped: Zipped) -> None:
    """A zip that declares nothing is no document."""
    assert refusal(write(zipped({"a.txt": "hello"})), hint="x.docx") == ErrorCode.TYPE_NOT_ALLOWED


def test_the_list_can_be_narrowed(write: Write) -> None:
    """An operator may accept less than can be read."""
    assert refusal(write("hello"), Limits(media_types=frozenset({PDF}))) == ErrorCode.TYPE_NOT_ALLOWED


def test_empty_and_large_files_are_refused(write: Write) -> None:
    """Nothing is no document, and too much is too much."""
    assert refusal(write("")) == ErrorCode.EMPTY_DOCUMENT
    assert refusal(write("x" * 101), Limits(file_bytes_max=100)) == ErrorCode.TOO_LARGE
    with pytest.raises(Refused) as caught:
        list(extract(write("x" * 101), PLAIN, limits=Limits(characters_max=100)))
    assert caught.value.code == ErrorCode.TOO_LARGE


@pytest.mark.parametrize("before", [0, 1, 1024 * 1024 - 30, 3_000_000])
def test_the_test_virus_is_found_wherever_it_lies(write: Write, before: int) -> None:
    """The string is found across the borders of the pieces that are read."""
    assert refusal(write(b"a" * before + EICAR + b"\n")) == ErrorCode.MALWARE


def test_a_file_that_is_also_a_zip_is_refused(write: Write, zipped: Zipped, pdf: BuildPdf, docx_bytes: bytes) -> None:
    """A zip appended to a PDF, to a page, to a text, or to another zip."""
    archive = zipped({"a.txt": "hello"})
    for front in (bytes(pdf(1).output()), b"<!doctype html><html>hi</html>", b"plain text\n", docx_bytes):
        assert refusal(write(front + archive)) == ErrorCode.POLYGLOT
    assert refusal(write(docx_bytes + b"trailing")) == ErrorCode.POLYGLOT


def test_a_pdf_in_disguise_is_refused(write: Write, pdf: BuildPdf, with_parts: Callable[[Entries], bytes]) -> None:
    """A header further in is still a PDF to a reader of PDF."""
    data = bytes(pdf(1).output())
    assert refusal(write(b"GIF89a/*" + data)) == ErrorCode.POLYGLOT
    assert refusal(write(b"<html><!--" + data)) == ErrorCode.POLYGLOT
    assert check(write(b"\xef\xbb\xbf\n" + data)) == PDF


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")))
def test_arbitrary_bytes_are_read_or_refused(write: Write, data: bytes) -> None:
    """Nothing but sections or `Refused` ever comes out."""
    read_or_refused(write(data))


@pytest.fixture
def containers(pdf: BuildPdf, docx_bytes: bytes, zipped: Zipped, epub_entries: Entries) -> dict[str, bytes]:
    """Return one real document of each kind of container."""
    return {"pdf": bytes(pdf(2).output()), "docx": docx_bytes, "epub": zipped(epub_entries)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(choice=st.sampled_from(["pdf", "docx", "epub"]), at=st.floats(0, 1), hole=st.binary(min_size=1, max_size=40))
def test_damaged_containers_are_read_or_refused(
    write: Write, containers: dict[str, bytes], choice: str, at: float, hole: bytes
) -> None:
    """A hole anywhere in a real document leads to text or to a refusal, never to another error."""
    whole = containers[choice]
    position = int(at * len(whole))
    read_or_refused(write(whole[:position] + hole + whole[position + len(hole) :]))
    read_or_refused(write(whole[:position]))


def read_or_refused(path: Path) -> None:
    """Fail on anything but sections or a refusal."""
    for media_type in (None, PDF, DOCX, EPUB, HTML, MARKDOWN, CSV, JSON, PLAIN):
        with contextlib.suppress(Refused):
            assert all(section.text for section in extract(path, media_type or check(path)))
