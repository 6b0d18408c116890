"""What a passage has of a sentence that cites it: which of its words to mark, and what it has not. Pure.

The judgement itself is the citation's `holds`; this says of it what a reader can check with own eyes.
"""

import re
from dataclasses import dataclass

from muniment.producers.writing.sentences import MARK, content_words, folded, is_number

_MARK = re.compile(MARK)
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"|「([^」]+)」|『([^』]+)』|«([^»]+)»")
_NEAR = 6
"""Characters between two marked words up to which what stands between them is marked, too."""
_LEAST_QUOTED = 3
"""A quotation of fewer words than this is a name or an emphasis."""


@dataclass(frozen=True, slots=True)
class Bearing:
    """What a passage has of a sentence.

    Attributes:
        spans: Where in the passage words of the sentence stand, in order.
        missing_quotations: What the sentence quotes and the passage has not.
        missing_numbers: Numbers of the sentence that the passage has not.
        shared: How many of the sentence's words that say something it has.
        words: How many the sentence has.

    """

    spans: tuple[tuple[int, int], ...]
    missing_quotations: tuple[str, ...]
    missing_numbers: tuple[str, ...]
    shared: int
    words: int


def bearing(said: str, passage: str) -> Bearing:
    """Compare a sentence with the passage that it cites."""
    claim = _MARK.sub("", said)
    words = list(dict.fromkeys(content_words(claim)))
    known, there = set(content_words(passage)), folded(passage)
    quotations = [next(filter(None, m.groups())) for m in _QUOTED.finditer(claim)]
    return Bearing(
        tuple(spans(set(words), passage)),
        tuple(
            q for q in quotations if len(content_words(q)) >= _LEAST_QUOTED and folded(q).rstrip(".,;:") not in there
        ),
        tuple(word for word in words if is_number(word) and word not in known),
        sum(word in known for word in words),
        len(words),
    )


def spans(stems: set[str], passage: str) -> list[tuple[int, int]]:
    """Where words with one of these stems stand; those that stand next to each other as one span."""
    found = list[tuple[int, int]]()
    for match in _WORD.finditer(passage):
        if not stems.intersection(content_words(match.group())):
            continue
        if found and match.start() - found[-1][1] <= _NEAR and "\n\n" not in passage[found[-1][1] : match.start()]:
            found[-1] = found[-1][0], match.end()
        else:
            found.append(match.span())
    return found
