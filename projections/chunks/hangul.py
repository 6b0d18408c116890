"""Hangul (and kana and Han, which are written without spaces too) as overlapping pairs of characters, pure.

Postgres' dictionaries leave particles on Korean words, so that 도서관은 and 도서관에서 share no lexeme. As pairs they
share 도서 and 서관. A text is indexed, and a query asked, by the same function.
"""

import re

RUN = re.compile(r"[가-힣ᄀ-ᇿ㄰-㆏぀-ヿ㐀-鿿]+")


def pairs(text: str) -> list[str]:
    """The pairs of every run, in order; a run of one character is that character."""
    found = []
    for run in RUN.findall(text):
        found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
    return found


def without(text: str) -> str:
    """The text with those runs taken out, for the dictionary of the other scripts."""
    return RUN.sub(" ", text)
