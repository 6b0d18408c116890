"""Tables: each row becomes one line of "name: value; ..." so that a hit makes sense without the header."""

import csv
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from muniment.stream_apps.extracting.formats.content import Content
from muniment.stream_apps.extracting.section import Passage
from muniment.stream_apps.extracting.text_source import TextSource
from muniment.stream_apps.progress import Progress

_DELIMITERS = ",;\t|"
_SAMPLE_LINES = 20
_NAME_CHARACTERS_MAX = 64
_LINE_CHARACTERS_MAX = 1024 * 1024


def read(path: Path, on_progress: Progress) -> Content:
    """Read a table whose delimiter is found by trying; a broken row is kept as it stands."""
    return Content(_passages(path, on_progress))


def _passages(path: Path, on_progress: Progress) -> Iterator[Passage]:
    with TextSource(path) as source:
        delimiter = _delimiter(list(islice(source.lines(), _SAMPLE_LINES)))
    names: list[str] | None = None
    with TextSource(path, on_progress) as source:
        for row in _rows(source, delimiter):
            if isinstance(row, str):
                yield Passage(row)
            elif names is None:
                names = row if _is_header(row) else []
                yield Passage(_line(row, []))
            elif row:
                yield Passage(_line(row, names))


def _rows(source: TextSource, delimiter: str) -> Iterator[list[str] | str]:
    """Yield rows, or the source lines of a row that cannot be parsed (an open quote would swallow the file)."""
    taken: list[str] = []

    def lines() -> Iterator[str]:
        for line in source.lines(_LINE_CHARACTERS_MAX):
            taken.append(line)
            yield line

    remaining = lines()
    while True:
        try:
            for row in csv.reader(remaining, delimiter=delimiter):
                taken.clear()
                yield row
        except csv.Error:
            yield "".join(taken)
            taken.clear()
            remaining = lines()
        else:
            return


def _delimiter(sample: list[str]) -> str:
    """Return the delimiter that gives the most rows of one width."""

    def agreement(delimiter: str) -> int:
        try:
            widths = [len(row) for row in csv.reader(sample, delimiter=delimiter)]
        except csv.Error:
            return 0
        return max((widths.count(width) for width in set(widths) if width > 1), default=0)

    return max(_DELIMITERS, key=agreement)


def _is_header(row: list[str]) -> bool:
    """Say whether these look like names: all there, all different, none a number."""
    names = [cell.strip() for cell in row]
    return all(names) and len(set(names)) == len(names) and not any(name[0].isdigit() for name in names)


def _line(row: list[str], names: list[str]) -> str:
    cells = []
    for index, cell in enumerate(row):
        value = " ".join(cell.split())
        if value:
            # A name is cut short: a long one repeated in every row would blow the text up.
            name = names[index].strip()[:_NAME_CHARACTERS_MAX] if index < len(names) else ""
            cells.append(f"{name}: {value}" if name else value)
    return "; ".join(cells) + "\n"
