"""EPUB: the chapters in the order of the spine, each read as HTML, under the names the table of contents gives them."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import unquote
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.formats import html
from muniment.stream_apps.extracting.formats.content import Content
from muniment.stream_apps.extracting.section import Passage
from muniment.stream_apps.extracting.text_source import encoding_of
from muniment.stream_apps.progress import Progress

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CONTAINER = "META-INF/container.xml"
_NCX_TYPE = "application/x-dtbncx+xml"


@dataclass(frozen=True, slots=True)
class _Book:
    title: str | None
    chapters: tuple[str, ...]
    """Names of the archive's entries, in reading order."""
    names: dict[str, str]
    """What the table of contents calls an entry."""


def read(path: Path, on_progress: Progress) -> Content:
    """Read a book; XML that declares entities is refused by defusedxml."""
    with ZipFile(path) as archive:
        book = _book(archive)
    return Content(_passages(path, book, on_progress), title=book.title)


def _passages(path: Path, book: _Book, on_progress: Progress) -> Iterator[Passage]:
    with ZipFile(path) as archive, TemporaryDirectory() as folder:
        for number, name in enumerate(book.chapters, start=1):
            data = archive.read(name)
            scratch = Path(folder, "chapter")
            scratch.write_bytes(data)
            tree = html.parse(data, encoding_of(scratch))
            yield from html.passages_of(tree, book.names.get(name) or html.title_of(tree))
            on_progress(number, len(book.chapters), "chapters")


def _book(archive: ZipFile) -> _Book:
    package_name = next(
        (file.get("full-path") for file in _all(fromstring(archive.read(_CONTAINER)), "rootfile")), None
    )
    if not package_name:
        raise Refused(ErrorCode.UNREADABLE_DOCUMENT, "This EPUB does not say where its contents are.")
    package = fromstring(archive.read(package_name))
    folder = posixpath.dirname(package_name)
    entries = set(archive.namelist())
    manifest = {item.get("id", ""): (_entry(folder, item.get("href", "")), item) for item in _all(package, "item")}
    spine = [manifest.get(item.get("idref", "")) for item in _all(package, "itemref")]
    # A chapter listed twice is read once: a spine that repeats a large chapter would be a bomb.
    chapters = tuple(dict.fromkeys(found[0] for found in spine if found and found[0] in entries))
    title = next((node.text for node in _all(package, "title") if node.text), None)
    return _Book(title, chapters, _names(archive, [*manifest.values()], entries))


def _names(archive: ZipFile, manifest: list[tuple[str, "Element"]], entries: set[str]) -> dict[str, str]:
    for name, item in manifest:
        if name not in entries:
            continue
        if "nav" in item.get("properties", "").split():
            return _from_nav(archive.read(name), posixpath.dirname(name))
        if item.get("media-type") == _NCX_TYPE:
            return _from_ncx(archive.read(name), posixpath.dirname(name))
    return {}


def _from_nav(data: bytes, folder: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for link in html.parse(data, "utf-8-sig").css("nav a"):
        names.setdefault(_entry(folder, link.attributes.get("href") or ""), " ".join(link.text().split()))
    return names


def _from_ncx(data: bytes, folder: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for point in _all(fromstring(data), "navPoint"):
        label = next((node.text for node in _all(point, "text") if node.text), None)
        target = next((node.get("src") for node in _all(point, "content")), None)
        if label and target:
            names.setdefault(_entry(folder, target), " ".join(label.split()))
    return names


def _all(root: "Element", name: str) -> Iterator["Element"]:
    """Yield elements by local name: books in the wild differ in their namespaces."""
    return (node for node in root.iter() if isinstance(node.tag, str) and node.tag.rpartition("}")[2] == name)


def _entry(folder: str, href: str) -> str:
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))
