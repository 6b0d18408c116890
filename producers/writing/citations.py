"""What a text cites, and whether the passage bears it out (`docs/decisions/0035-writing.md`). Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from muniment.producers.writing.sentences import MARK, content_words, folded, is_number, sentences
from muniment.schemas.scripts import Citation, Passage

ENOUGH = 0.5
"""Share of a claim's words that a passage must have."""
LEAST_WORDS = 3
"""A part of a sentence with fewer words says too little by itself: then the whole sentence counts."""
_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"|「([^」]+)」|『([^』]+)』|«([^»]+)»")
_MARK = re.compile(MARK)
_NUMBER = re.compile(r"\d+")
_LEADING = re.compile(r"^\s*(?:#+|[-*>•]|\d+[.)])\s+")
"""What begins a heading, a list or a quotation in Markdown."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A part of a text that a mark stands for. `said_from` and `said_to` are the bounds of its sentence."""

    number: int
    said_from: int
    said_to: int
    words: str


def checked(text: str, passages: Mapping[int, Passage], texts: Mapping[int, str]) -> tuple[Citation, ...]:
    """Every citation of a text, in order. One whose number leads nowhere does not hold; none is left out."""
    return tuple(_resolved(claim, passages.get(claim.number), texts.get(claim.number)) for claim in claims(text))


def claims(text: str) -> Iterator[Claim]:
    """What each mark of a text stands for: its sentence, as far as no other mark before it does."""
    before: tuple[int, int] | None = None
    for start, end in sentences(text):
        marks = list(_MARK.finditer(text, start, end))
        if not _bare(text[start:end]).strip(" .!?。…*_-") and before:
            # Marks alone: they stand for the sentence before them.
            start = before[0]  # noqa: PLW2901 - the same span, widened
        whole, said_from = _bare(text[start:end]), start
        for place, mark in enumerate(marks):
            part = _bare(text[said_from : mark.start()])
            closes = place + 1 < len(marks) and not _bare(text[mark.end() : marks[place + 1].start()]).strip(" ,;")
            words = part if len(content_words(part)) >= LEAST_WORDS else whole
            for number in _NUMBER.findall(mark[1]):
                yield Claim(int(number), start, end, words)
            said_from = said_from if closes else mark.end()
        before = start, end


def holds(said: str, passage: str) -> bool:
    """Whether a passage says what a claim says.

    A claim that quotes holds when each quotation stands in the passage. Any other holds when it stands there word for
    word, or when all its numbers and at least half of its words do.
    """
    there = folded(passage)
    quotations = [quoted for quoted in quoted_in(said) if len(content_words(quoted)) >= LEAST_WORDS]
    if quotations:
        return all(folded(quoted).rstrip(".,;:") in there for quoted in quotations)
    words, known = content_words(said), set(content_words(passage))
    if not words:
        return False
    if folded(said).strip(" .,;:") in there:
        return True
    if any(is_number(word) and word not in known for word in words):
        return False
    return sum(word in known for word in words) >= ENOUGH * len(words)


def quoted_in(said: str) -> list[str]:
    """What stands between quotation marks."""
    return [next(filter(None, match.groups())) for match in _QUOTED.finditer(said)]


def _bare(said: str) -> str:
    return _LEADING.sub("", _MARK.sub("", said))


def _resolved(claim: Claim, passage: Passage | None, text: str | None) -> Citation:
    said_from, said_to = claim.said_from, claim.said_to
    if passage is None or text is None:
        return Citation(
            number=claim.number,
            document_id=None,
            version=0,
            ordinal=0,
            page=None,
            start=0,
            end=0,
            said_from=said_from,
            said_to=said_to,
            holds=False,
        )
    return Citation(
        number=claim.number,
        document_id=passage.document_id,
        version=passage.version,
        ordinal=passage.ordinal,
        page=passage.page,
        start=passage.start,
        end=passage.end,
        said_from=said_from,
        said_to=said_to,
        holds=holds(claim.words, text),
    )
