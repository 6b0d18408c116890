"""The documents of the benchmark: the Python standard library's sources as text, cut into distinct documents.

Real text that is on every machine that runs this: prose in docstrings, names, code. Nothing is made up.
"""

import hashlib
import sysconfig
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

DOCUMENT_CHARACTERS = 6_800
"""Ten to eleven chunks of at most 256 tokens, on average over 1,500 documents."""
SKIPPED = frozenset({"site-packages", "encodings", "__pycache__", "lib2to3"})
"""Not the library's own, tables of characters, and grammars."""


def gather(folder: Path, count: int) -> list[Path]:
    """Write `count` documents into `folder`; their files, in order.

    Raises `ValueError` when the standard library has fewer.
    """
    files = []
    for number, text in enumerate(islice(_distinct(_pieces()), count)):
        file = folder / f"{number:05}.txt"
        file.write_text(text, "utf-8")
        files.append(file)
    if len(files) < count:
        raise ValueError(f"the standard library makes {len(files)} documents, not {count}")
    return files


def cut(text: str, characters: int = DOCUMENT_CHARACTERS) -> Iterator[str]:
    """Whole lines, at least `characters` a piece; what is left at the end is dropped unless it is half a piece."""
    lines: list[str] = []
    size = 0
    for line in text.splitlines(keepends=True):
        lines.append(line)
        size += len(line)
        if size >= characters:
            yield "".join(lines)
            lines, size = [], 0
    if size >= characters // 2:
        yield "".join(lines)


def _pieces() -> Iterator[str]:
    for source in _sources(Path(sysconfig.get_paths()["stdlib"])):
        try:
            text = source.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            yield from cut(text)


def _sources(library: Path) -> list[Path]:
    found = (path for path in library.rglob("*.py") if not SKIPPED & set(path.relative_to(library).parts))
    # By a hash of the name: the same order everywhere, and the first documents are like all the others.
    return sorted(found, key=lambda path: hashlib.sha256(path.relative_to(library).as_posix().encode()).digest())


def _distinct(texts: Iterable[str]) -> Iterator[str]:
    seen: set[bytes] = set()
    for text in texts:
        digest = hashlib.sha256(text.encode()).digest()
        if digest not in seen:
            seen.add(digest)
            yield text
