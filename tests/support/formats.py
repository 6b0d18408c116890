"""Small real files of every format, each with a word of its own and an e-mail address in known places."""

import io
import json
import zipfile
from dataclasses import dataclass

import docx
import fpdf

MAIL = "kim.minsu@corp-mail.example.com"

_CONTAINER = """<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">
<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
_PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A small book</dc:title></metadata>
<manifest><item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="one" href="one.xhtml" media-type="application/xhtml+xml"/>
<item id="two" href="two.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="one"/><itemref idref="two"/></spine></package>"""
_NAV = """<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol><li><a href="one.xhtml">The first chapter</a></li>
<li><a href="two.xhtml">The second chapter</a></li></ol></nav></body></html>"""
_CHAPTER = """<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>t</title>
</head><body><p>{}</p></body></html>"""


@dataclass(frozen=True)
class Sample:
    """A file, the word to search for, and where it has to be found; `text` is what offsets point at."""

    name: str
    data: bytes
    word: str
    media_type: str
    page: int | None = None
    heading: str | None = None
    text: str | None = None


def pdf(pages: list[str]) -> bytes:
    """A PDF with one line on each page."""
    document = fpdf.FPDF()
    document.set_font("Helvetica", size=12)
    for line in pages:
        document.add_page()
        document.multi_cell(0, text=line)
    return bytes(document.output())


def _docx(heading: str, line: str) -> bytes:
    document = docx.Document()
    document.add_heading("Opening", 1)
    document.add_paragraph("Nothing of note. " * 40)
    document.add_heading(heading, 2)
    document.add_paragraph(line)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _epub(first: str, second: str) -> bytes:
    entries = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": _CONTAINER,
        "OEBPS/book.opf": _PACKAGE,
        "OEBPS/nav.xhtml": _NAV,
        "OEBPS/one.xhtml": _CHAPTER.format(first),
        "OEBPS/two.xhtml": _CHAPTER.format(second),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, text, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def samples() -> list[Sample]:
    """One of each format; text formats say their text, so that offsets can be held against it."""
    filler = "The ordinary sentence fills the room before the one that counts. " * 40
    text = f"{filler}\n\nThe quartermaster hid a samovarplain here.\n\n{filler}"
    korean = "휴가는 일 년에 스물다섯 날이다. 남는 날은 다음 해로 넘긴다.\n\n" * 30 + "창고에는 낙타바늘꽃이 피었다.\n"
    markdown = f"# Stores\n\n{filler}\n\n## Cellar\n\nA samovarmark stands below.\n"
    page = (
        "<html><head><title>Site</title></head><body><h1>Stores</h1><p>" + filler + "</p>"
        "<h2>Attic</h2><p>A samovarhtml stands above.</p></body></html>"
    )
    table = "name,place\n" + "".join(f"item{i},shelf {i}\n" for i in range(20)) + "samovarcsv,the pantry\n"
    tree = json.dumps({"house": {"kitchen": {"thing": "samovarjson"}, "count": 3}}, indent=1)
    return [
        Sample(
            "manual.pdf",
            pdf([filler, filler, "On this page a samovarpdf stands."]),
            "samovarpdf",
            "application/pdf",
            page=3,
        ),
        Sample(
            "report.docx",
            _docx("Findings", "A samovardocx was found."),
            "samovardocx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            heading="Findings",
        ),
        Sample("site.html", page.encode(), "samovarhtml", "text/html", heading="Attic"),
        Sample("notes.md", markdown.encode(), "samovarmark", "text/markdown", heading="Cellar", text=markdown),
        Sample("plain.txt", text.encode(), "samovarplain", "text/plain", text=text),
        Sample("korean.txt", korean.encode("cp949"), "낙타바늘꽃", "text/plain", text=korean),
        Sample("table.csv", table.encode(), "samovarcsv", "text/csv"),
        Sample("tree.json", tree.encode(), "samovarjson", "application/json"),
        Sample(
            "book.epub",
            _epub(filler, "A samovarepub, said she."),
            "samovarepub",
            "application/epub+zip",
            heading="The second chapter",
        ),
    ]
