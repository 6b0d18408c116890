"""The formats that are read, declared once: the allow-list, the detection and the readers all follow from here.

Adding a format is one entry in `FORMATS` and its reader in `formats/`.
"""

from dataclasses import dataclass
from typing import NewType

MediaType = NewType("MediaType", str)

PDF = MediaType("application/pdf")
DOCX = MediaType("application/vnd.openxmlformats-officedocument.wordprocessingml.document")
EPUB = MediaType("application/epub+zip")
HTML = MediaType("text/html")
MARKDOWN = MediaType("text/markdown")
PLAIN = MediaType("text/plain")
CSV = MediaType("text/csv")
JSON = MediaType("application/json")


@dataclass(frozen=True, slots=True)
class Format:
    """How a media type is recognised, inspected and read; modules are named, so that a parent process loads none."""

    name: str
    """For sentences: "This PDF is damaged"."""
    reader: str
    """Module in `formats/` with `read(path, on_progress) -> Content`."""
    inspector: str | None = None
    """Module in `hazards/` with `inspect(path, limits) -> None`, which raises `Refused`."""
    magic: tuple[str, ...] = ()
    """Other names that libmagic has for it."""
    container: str | None = None
    """For zip files: the type that the archive declares itself to be."""
    without_text: str = ""
    """What to say besides when no text was found."""
    suffixes: tuple[str, ...] = ()
    """For text only, where libmagic cannot tell: the claimed file name may choose among these."""


FORMATS: dict[MediaType, Format] = {
    PDF: Format("PDF", "pdf", inspector="pdf", without_text=" A scanned document has to go through OCR first."),
    DOCX: Format(
        "Word document",
        "docx",
        inspector="archive",
        container="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml",
    ),
    EPUB: Format("EPUB", "epub", inspector="archive", container="application/epub+zip"),
    HTML: Format("HTML page", "html", magic=("application/xhtml+xml",), suffixes=(".html", ".htm", ".xhtml")),
    MARKDOWN: Format("Markdown text", "markdown", magic=("text/x-markdown",), suffixes=(".md", ".markdown", ".mdx")),
    CSV: Format("table", "csv", magic=("application/csv",), suffixes=(".csv", ".tsv")),
    JSON: Format("JSON text", "json", magic=("application/x-ndjson",), suffixes=(".json", ".jsonl", ".ndjson")),
    PLAIN: Format("text", "text"),
}
