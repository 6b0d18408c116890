"""Sentences and words of a text, English or Korean. Pure.

A mark that follows the end of a sentence belongs to it: "So it is. [3]".
"""

import re
import unicodedata
from collections.abc import Iterator

MARK = r"\[(\d{1,4}(?:\s*[,;]\s*\d{1,4})*)\]"
"""How a text cites: `[3]`, or `[3, 5]`."""
_END = re.compile(rf"(?<=[.!?。…])(?:[\"'”’)」』*_]|\s?{MARK})*(?=\s)|\n+|(?<=[。！？])(?!\s?\[)")
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_SUFFIXES = ("ingly", "edly", "ing", "ies", "ed", "es", "ly", "'s", "’s", "s")
_LEAST_STEM = 3
_HANGUL_STEM = 2
_STOP_WORDS = """
a about after all also an and any are as at be because been before being between both but by can could did do does each
for from had has have he her here him his how i if in into is it its just may might more most must my no nor not now of
off on once only or other our out over own same shall she should so some such than that the their them then there these
they this those through to too under up us very was we were what when where which while who whom why will with would
you your 그 그리고 그러나 그런데 및 또는 이 저 것 수 등 더 때 있는 있다 하는 한다 합니다 입니다 대한 대해 위한 위해
"""
_STOP = frozenset(_STOP_WORDS.split())
"""Words that say nothing by themselves."""


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences begin and end, trimmed; a line end ends one. Together they hold all that is not space."""
    found, start = list[tuple[int, int]](), 0
    for end in [*(m.end() for m in _END.finditer(text)), len(text)]:
        begin, finish = _trimmed(text, start, end)
        if begin < finish:
            found.append((begin, finish))
        start = end
    return found


def folded(text: str) -> str:
    """The text as it is compared: compatibility forms, case and runs of space do not matter."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def content_words(text: str) -> list[str]:
    """The stems of the words that say something, in order; digits apart from letters, thousands without separators."""
    return [stem(word) for word in _words(text) if word not in _STOP]


def is_number(word: str) -> bool:
    """Whether a word is a number."""
    return word[:1].isdigit()


def stem(word: str) -> str:
    """What the forms of a word share, roughly: an English word without its ending, a Korean one's first two syllables.

    Korean particles and endings hang on at the end ("정책을", "정책은"); two syllables tell most nouns apart.
    """
    if is_number(word):
        return word.replace(",", "").rstrip(".")
    if any("가" <= c <= "힣" for c in word):
        return word[:_HANGUL_STEM]
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _LEAST_STEM and not word.endswith("ss"):
            word = word.removesuffix(suffix) + ("y" if suffix == "ies" else "")
            break
    return word[:_LEAST_STEM] + word[_LEAST_STEM:].rstrip("e")


def _words(text: str) -> Iterator[str]:
    return (match.group() for match in _WORD.finditer(folded(text)))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    said = text[start:end]
    return start + len(said) - len(said.lstrip()), end - (len(said) - len(said.rstrip()))
