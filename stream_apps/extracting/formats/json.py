"""JSON: one line per value, with the path that leads to it; lines of JSON and broken JSON are read too."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from muniment.stream_apps.extracting.formats import text
from muniment.stream_apps.extracting.formats.content import Content
from muniment.stream_apps.extracting.section import Passage
from muniment.stream_apps.extracting.text_source import TextSource
from muniment.stream_apps.progress import Progress

TREE_BYTES_MAX = 16 * 1024 * 1024
"""A tree in memory takes about ten times its source: larger files are read line by line or as plain text."""
_PATH_CHARACTERS_MAX = 200
_RECORD_CHARACTERS_MAX = 1024 * 1024


def read(path: Path, on_progress: Progress) -> Content:
    """Read JSON as a tree when it fits, as records when each line is one, and as plain text otherwise."""
    if path.stat().st_size <= TREE_BYTES_MAX:
        with TextSource(path, on_progress) as source:
            whole = "".join(source.pieces())
        try:
            tree = _parse(whole)
        except (ValueError, RecursionError):
            pass  # not one value: records, or no JSON at all
        else:
            named = tree.get("title") if isinstance(tree, dict) else None
            return Content(_values(tree, ""), title=named if isinstance(named, str) else None)
    if _is_records(path):
        return Content(_records(path, on_progress))
    return text.read(path, on_progress)


def _parse(source: str) -> Any:
    # Numbers stay as they are written: 1.10 is not 1.1, and a huge integer is no error.
    return json.loads(source, parse_int=str, parse_float=str, parse_constant=str)


def _is_records(path: Path) -> bool:
    with TextSource(path) as source:
        first = source.line(_RECORD_CHARACTERS_MAX)
    try:
        return isinstance(_parse(first), dict | list)
    except (ValueError, RecursionError):
        return False


def _records(path: Path, on_progress: Progress) -> Iterator[Passage]:
    with TextSource(path, on_progress) as source:
        for index, line in enumerate(source.lines(_RECORD_CHARACTERS_MAX)):
            try:
                record = _parse(line)
            except (ValueError, RecursionError):
                yield Passage(line)
            else:
                yield from _values(record, f"[{index}]")


def _values(tree: object, path: str) -> Iterator[Passage]:
    """Walk with a stack of our own: depth is the document's choice, not the interpreter's."""
    stack: list[Iterator[tuple[str, object]]] = [iter([(path, tree)])]
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
            continue
        at, value = entry
        # Deep paths of long names, repeated for each value, would blow the text up.
        at = at if len(at) <= _PATH_CHARACTERS_MAX else f"…{at[-_PATH_CHARACTERS_MAX:]}"
        if isinstance(value, dict | list):
            stack.append(_children(at, value))
        elif value is not None and value != "":
            shown = str(value).lower() if isinstance(value, bool) else str(value)
            yield Passage(f"{at}: {shown}\n" if at else f"{shown}\n")


def _children(at: str, value: dict[str, object] | list[object]) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for key, child in value.items():
            yield (f"{at}.{key}" if at else key), child
    else:
        for index, child in enumerate(value):
            yield f"{at}[{index}]", child
