"""HTML by selectolax (lexbor): blocks on lines of their own, scripts, styles, navigation and hidden parts dropped."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from selectolax.lexbor import LexborHTMLParser, LexborNode

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused
from muniment.stream_apps.extracting.formats import html_tags
from muniment.stream_apps.extracting.formats.content import Content
from muniment.stream_apps.extracting.formats.html_flow import Flow
from muniment.stream_apps.extracting.section import Passage
from muniment.stream_apps.extracting.text_source import encoding_of
from muniment.stream_apps.progress import Progress

_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE)
_XHTML = re.compile(r"<html[^>]{0,1000}xmlns\s*=", re.IGNORECASE)
_SELF_CLOSED = re.compile(r"<([A-Za-z][\w:-]*)((?:\s[^<>]*)?)/>")
_HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
_NESTING = re.compile(
    r"<(/?)(?:div|span|section|article|aside|main|ul|ol|dl|table|blockquote|center|form|fieldset|figure|details|svg)\b",
    re.IGNORECASE,
)
_HEAD_BYTES = 4096
_DEPTH_MAX = 1_000


def read(path: Path, on_progress: Progress) -> Content:
    """Read a page; its `<title>` is the title."""
    size = path.stat().st_size
    on_progress(0, size, "bytes")
    tree = parse(path.read_bytes(), encoding_of(path))
    return Content(_told(passages_of(tree, None), size, on_progress), title=title_of(tree))


def _told(passages: Iterator[Passage], size: int, on_progress: Progress) -> Iterator[Passage]:
    yield from passages
    on_progress(size, size, "bytes")


def parse(data: bytes, guess: str) -> LexborHTMLParser:
    """Parse markup; what it declares of its encoding counts only where it is not UTF-8 anyway."""
    declared = _CHARSET.search(data[:_HEAD_BYTES])
    encoding = guess
    if declared and guess not in {"utf-8-sig", "utf-16", "utf-32"}:
        encoding = _known(declared[1].decode("ascii")) or guess
    markup = data.decode(encoding, "replace")
    if _XHTML.search(markup[:_HEAD_BYTES]):
        # To an HTML parser "<script/>" and "<title/>" are open and would swallow the page.
        markup = _SELF_CLOSED.sub(_opened, markup)
    _refuse_deep(markup)
    return LexborHTMLParser(markup.encode("utf-8", "replace"))


def _refuse_deep(markup: str) -> None:
    """The parser looks up through all open elements for each new one: depth costs the square of itself."""
    depth = 0
    for match in _NESTING.finditer(markup):
        depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > _DEPTH_MAX:
            raise Refused(ErrorCode.UNREADABLE_DOCUMENT, f"The page is nested deeper than {_DEPTH_MAX:,} elements.")


def _known(name: str) -> str | None:
    try:
        codec = codecs.lookup(name).name
        "a".encode(codec)  # "hex" and "zip" are codecs, but not of text
    except (LookupError, UnicodeError):
        return None
    return "cp949" if codec == "euc_kr" else codec  # what the web calls EUC-KR is its superset


def _opened(match: re.Match[str]) -> str:
    name = match[1]
    return match[0] if name.lower() in html_tags.VOID else f"<{name}{match[2]}></{name}>"


def title_of(tree: LexborHTMLParser) -> str | None:
    """Return the page's title, or None."""
    node = tree.css_first("title")
    return " ".join(node.text().split()) or None if node is not None else None


def passages_of(tree: LexborHTMLParser, heading: str | None) -> Iterator[Passage]:
    """Walk the page in reading order, with a stack of our own: depth is the document's choice."""
    flow = Flow(heading)
    verbatim = 0
    stack: list[LexborNode | str] = [tree.body] if tree.body is not None else []
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            verbatim -= node in html_tags.VERBATIM
            _close(flow, node)
            yield from flow.take()
            continue
        if node.next is not None and node.tag != "body":
            stack.append(node.next)
        tag = node.tag or ""
        if tag == "-text":
            flow.text(node.text_content or "", verbatim=verbatim > 0)
        elif node.is_element_node and not _dropped(node, tag):
            _open(flow, tag)
            verbatim += tag in html_tags.VERBATIM
            stack.append(tag)
            if node.child is not None:
                stack.append(node.child)
    yield from flow.take(last=True)


def _dropped(node: LexborNode, tag: str) -> bool:
    if tag in html_tags.DROPPED:
        return True
    attributes = node.attributes
    return bool(attributes) and (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or _HIDDEN_STYLE.search(attributes.get("style") or "") is not None
    )


def _open(flow: Flow, tag: str) -> None:
    if tag in html_tags.HEADINGS:
        flow.open_heading()
    elif tag in html_tags.PARAGRAPHS:
        flow.line_break(2)
    elif tag in html_tags.LINES:
        flow.line_break(1)


def _close(flow: Flow, tag: str) -> None:
    if tag in html_tags.HEADINGS:
        flow.close_heading()
    elif tag in {"td", "th"}:
        flow.cell_break()
    elif tag == "br":
        flow.line_break(1)
    else:
        _open(flow, tag)
