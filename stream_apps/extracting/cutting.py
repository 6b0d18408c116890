"""Cuts passages into sections of bounded size, at the best border there is."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from muniment.stream_apps.extracting.section import SECTION_CHARACTERS_MAX, Passage, Section

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LINE_BORDERS = ("\n\n", "\r\n\r\n", "\n", "\r")
_SENTENCE_END = re.compile(r"[.!?。！？…][\"')\]”’」』]*\s+|[。！？]")
_SPACE = re.compile(r"\s")
_ZWJ = "\u200d"


def storable(text: str) -> str:
    """Replace NUL and lone surrogates, which Postgres and UTF-8 cannot hold, one for one so that offsets hold."""
    return _UNSTORABLE.sub("\ufffd", text)


def cut(passages: Iterable[Passage], size_max: int = SECTION_CHARACTERS_MAX) -> Iterator[Section]:
    """Yield sections whose texts join to the passages' texts; page and heading borders always cut."""
    start, rest, place = 0, "", Passage("")
    for passage in passages:
        if (passage.page, passage.heading) != (place.page, place.heading):
            if rest:
                yield Section(rest, start, place.page, place.heading)
                start += len(rest)
            rest, place = "", passage
        text, position = rest + storable(passage.text), 0
        while len(text) - position > size_max:
            end = border(text, position, position + size_max)
            yield Section(text[position:end], start, place.page, place.heading)
            start += end - position
            position = end
        rest = text[position:]
    if rest:
        yield Section(rest, start, place.page, place.heading)


def border(text: str, start: int, end: int) -> int:
    """Return where to cut `text[start:end]`: the last paragraph, line, sentence or word border of its second half.

    Never between CR and LF, and not inside a grapheme unless one is longer than half the size.
    """
    half = start + (end - start) // 2
    for separator in _LINE_BORDERS:
        found = text.rfind(separator, half, end)
        if found >= 0 and not _joined(text, found + len(separator)):
            return found + len(separator)
    for pattern in (_SENTENCE_END, _SPACE):
        ends = [match.end() for match in pattern.finditer(text, half, end)]
        while ends:
            if not _joined(text, ends[-1]):
                return ends[-1]
            ends.pop()
    return next((at for at in range(end, half, -1) if not _joined(text, at)), _after_crlf(text, end))


def _after_crlf(text: str, at: int) -> int:
    return at - 1 if text[at - 1 : at + 1] == "\r\n" else at


def _joined(text: str, at: int) -> bool:
    """Say whether the characters on both sides of `at` belong to one grapheme (a simplification of UAX #29)."""
    if at >= len(text):
        return False
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return True
    if after < "\u0300":  # nothing below combines: the common case, decided quickly
        return before == _ZWJ
    if before in "\r\n":
        return False
    return (
        _ZWJ in {before, after}
        or unicodedata.category(after) in {"Mn", "Mc", "Me"}
        or _extends(after)
        or _same_syllable(before, after)
    )


def _extends(after: str) -> bool:
    # Skin tones, and the tag characters that spell regional flags.
    return "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f"


def _same_syllable(before: str, after: str) -> bool:
    vowel_or_final = "\u1160" <= after <= "\u11ff" or "\ud7b0" <= after <= "\ud7ff"
    leads = "\u1100" <= before <= "\u115f" or "\ua960" <= before <= "\ua97c"
    lead_or_syllable = "\u1100" <= after <= "\u115f" or "\uac00" <= after <= "\ud7a3"
    flags = "\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff"
    return vowel_or_final or (leads and lead_or_syllable) or flags
