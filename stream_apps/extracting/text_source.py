"""Opens a text file of unknown encoding and reads it in pieces, line ends kept, progress told."""

import codecs
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import Self

from charset_normalizer import from_bytes

from muniment.stream_apps.progress import Progress, silent

PIECE = 64 * 1024
_SAMPLE_BYTES = 64 * 1024
_BYTE_PIECE = 1024 * 1024
_DAMAGE_MAX = 0.05
_USUAL_MIN = 0.7
_BOMS = (  # UTF-32 first: its mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(path: Path) -> str:
    """Return the codec to decode the file with: by its mark, else UTF-8, else CP949, else what looks likeliest.

    charset-normalizer alone gets Korean wrong, hence the order (lab notes, "Reading documents").
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    if _decodes(path, "utf-8-sig"):
        return "utf-8-sig"
    if _is_korean(sample) and _decodes(path, "cp949"):
        return "cp949"
    if _damage(sample, "utf-8-sig") <= _DAMAGE_MAX:
        return "utf-8-sig"
    if _is_korean(sample) and _damage(sample, "cp949") <= _DAMAGE_MAX:
        return "cp949"
    return _likeliest(sample)


def _likeliest(sample: bytes) -> str:
    matches = from_bytes(sample)
    best = matches.best()
    if best is None:
        return "utf-8-sig"
    # Where several make equal sense, the first by alphabet would win; on the web it is Western European.
    western = any(match.encoding == "cp1252" and match.chaos <= best.chaos for match in matches)
    # UTF-16 without its mark is a wild guess about a few bytes.
    return "cp1252" if western or best.encoding.startswith("utf_16") else best.encoding


def _is_korean(sample: bytes) -> bool:
    """Say whether this is Korean as people write it: Japanese decodes too, but to syllables that hardly occur."""
    foreign = "".join(character for character in sample.decode("cp949", "ignore") if character > "\x7f")
    # EUC-KR has two bytes for each usual syllable, and spells the others out in eight.
    usual = sum(len(character.encode("euc_kr", "ignore")) == 2 for character in foreign)  # noqa: PLR2004
    return usual >= len(foreign) * _USUAL_MIN


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while piece := file.read(_BYTE_PIECE):
                decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _damage(sample: bytes, encoding: str) -> float:
    """Return the share of the sample's non-ASCII characters that this codec cannot make sense of."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    text = decoder.decode(sample, final=len(sample) < _SAMPLE_BYTES)
    foreign = sum(character > "\x7f" for character in text)
    return text.count("\ufffd") / foreign if foreign else 0.0


class TextSource:
    """A text file, decoded as it is read: bytes that make no sense become U+FFFD, CR and LF stay as they are.

    A byte order mark is not part of the text, so offset 0 is the first character after it.
    """

    def __init__(self, path: Path, on_progress: Progress = silent, *, encoding: str | None = None) -> None:
        self._size = path.stat().st_size
        self._on_progress = on_progress
        self._told = 0
        # newline="" splits lines at CR, LF and CR LF but leaves them as they are.
        self._raw = path.open("rb")
        self._text = TextIOWrapper(self._raw, encoding=encoding or encoding_of(path), errors="replace", newline="")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._text.close()

    def pieces(self) -> Iterator[str]:
        """Yield the text in pieces of at most `PIECE` characters."""
        while piece := self._text.read(PIECE):
            self._tell()
            yield piece

    def line(self, size_max: int = PIECE) -> str:
        """Return the next line with its end, or the next `size_max` characters of a longer one; "" at the end."""
        line = self._text.readline(size_max)
        self._tell()
        return line

    def lines(self, size_max: int = PIECE) -> Iterator[str]:
        """Yield line by line."""
        while line := self.line(size_max):
            yield line

    def _tell(self) -> None:
        done = self._raw.tell()
        if done - self._told >= _BYTE_PIECE or done == self._size > self._told:
            self._told = done
            self._on_progress(done, self._size, "bytes")
