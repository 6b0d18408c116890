"""PDFs that hide something."""

import zlib
from collections.abc import Callable
from pathlib import Path

import fpdf
import pytest

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.checks import check
from muniment.stream_apps.extracting.hazards.signatures import EICAR
from muniment.stream_apps.extracting.limits import Limits
from muniment.stream_apps.extracting.media_types import PDF

Write = Callable[[bytes | str], Path]
BuildPdf = Callable[[int], fpdf.FPDF]


def small_pdf(catalog: bytes, *objects: bytes) -> bytes:
    """Build a PDF of one page by hand, with more in its catalog and more objects (from number 4 on)."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>",
        *objects,
    ]
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return bytes(out) + b"trailer << /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start)


def object_stream(body: bytes) -> bytes:
    packed = zlib.compress(b"9 0 " + body)
    return (
        b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\r\n" % len(packed)
        + packed
        + b"\nendstream"
    )


def refusal(path: Path, limits: Limits | None = None) -> ErrorCode:
    with pytest.raises(Refused) as caught:
        check(path, limits=limits)
    return caught.value.code


@pytest.mark.parametrize(
    ("catalog", "objects"),
    [
        (b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>", []),
        (b"/OpenAction 4 0 R", [b"<< /S /J#61vaScript /JS (x) >>"]),
        (b"/OpenAction 4 0 R", [b"<< /S % hidden\n/JavaScript /JS (x) >>"]),
        (b"/Names << /JavaScript 4 0 R >>", [b"<< /Names [(a) 5 0 R] >>", b"<< /Type /Action /S /JavaScript >>"]),
        (b"/AA << /WC << /S /Launch /F (cmd.exe) >> >>", []),
        (b"/OpenAction << /S /URI /URI (http://x) >>", []),
        (b"/OpenAction 4 0 R", [b"<< /Type /Action /S /SubmitForm /F (http://x) >>"]),
        (b"/OpenAction 4 0 R " * 21, [b"null"]),
        (b"", [object_stream(b"<< /S /JavaScript /JS (x) >>")]),
        (b"", [b"<< /Type /Filespec /F (setup.exe) >>"]),
    ],
)
def test_what_acts_by_itself_is_refused(write: Write, catalog: bytes, objects: list[bytes]) -> None:
    """Scripts, launches and calls on opening, also when they are spelled oddly or packed away."""
    assert refusal(write(small_pdf(catalog, *objects))) == ErrorCode.ACTIVE_CONTENT


@pytest.mark.parametrize(
    ("catalog", "objects"),
    [
        (b"/OpenAction [3 0 R /Fit]", []),
        (b"/OpenAction << /S /GoTo /D [3 0 R /Fit] >>", []),
        (b"", [b"<< /S /URI /URI (https://example.org/docs/Web/JavaScript) >>"]),
        (b"/OpenAction << /S /GoTo /D [3 0 R /Fit] >> /X << /S /URI /URI (http://x) >>", []),
        (b"", [b"<< /S /GoToR /F << /FS /URL /F (http://www.example.com) >> >>"]),
        (b"", [object_stream(b"<< /S /GoTo >>")]),
        (b"", [b"<< /Type /ObjStm /N 1 /First 4 /Filter /LZWDecode >>\nstream\nxx\nendstream"]),
    ],
)
def test_what_most_pdfs_do_is_let_pass(write: Write, catalog: bytes, objects: list[bytes]) -> None:
    """Opening at a page and links to sites about JavaScript are no danger."""
    assert check(write(small_pdf(catalog, *objects))) == PDF


def test_attached_programs_are_refused_and_attached_data_is_not(write: Write, pdf: BuildPdf) -> None:
    """By their first bytes, their name, or what a scanner would find in them."""
    for name, data, expected in [
        ("data.txt", b"MZ\x90", ErrorCode.ACTIVE_CONTENT),
        ("run.bat", b"echo", ErrorCode.ACTIVE_CONTENT),
        ("data.txt", EICAR, ErrorCode.MALWARE),
    ]:
        document = pdf(1)
        document.embed_file(bytes=data, basename=name, compress=True)
        assert refusal(write(bytes(document.output()))) == expected
    document = pdf(1)
    document.embed_file(bytes=b"<invoice/>", basename="invoice.xml", compress=True)
    assert check(write(bytes(document.output()))) == PDF


def test_encrypted_pdfs_are_refused(write: Write, pdf: BuildPdf) -> None:
    """With a password to open it, and with one only for its owner: neither can be inspected."""
    for user in ("secret", ""):
        document = pdf(1)
        document.set_encryption(owner_password="owner", user_password=user)
        assert refusal(write(bytes(document.output()))) == ErrorCode.ENCRYPTED_DOCUMENT


def test_a_damaged_pdf_is_unreadable(write: Write) -> None:
    """A header alone is no PDF."""
    assert refusal(write(b"%PDF-1.4\nnothing follows\n")) == ErrorCode.UNREADABLE_DOCUMENT


def test_streams_that_unpack_without_end_are_refused(write: Write) -> None:
    """One object stream, and all of them together, are bounded."""
    assert refusal(write(small_pdf(b"", object_stream(bytes(17 * 1024 * 1024))))) == ErrorCode.ARCHIVE_BOMB
    several = small_pdf(b"", *[object_stream(bytes(50_000)) for _ in range(5)])
    assert refusal(write(several), Limits(archive_bytes_max=200_000)) == ErrorCode.ARCHIVE_BOMB
