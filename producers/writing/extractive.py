"""The writer that is no model: sentences of the passages that bear on the brief, word for word, each cited.

It says at its head what it is, in the brief's language, and refuses rather than quote what has little to do with it.
References of the documents themselves, as `[14]`, are left out: here such a mark names a passage.
"""

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from muniment.producers.writing.calls import Observe, count
from muniment.producers.writing.observed import observed
from muniment.producers.writing.sentences import MARK, content_words, sentences
from muniment.producers.writing.writer import LENGTH, STOP, Asked, Finished, Source, Writing
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused

PROVIDER = "extractive"
RULE: Final = "extract-1"
"""The name of the rule, in place of a model's."""
LEAST_COVERAGE = 0.34
"""With less of the brief's words than this in what would be quoted, nothing was found."""
A_PASSAGE = 2
"""Sentences that are quoted of one passage at most."""
SHORTEST = 3
"""Words of a sentence that is worth quoting."""
HEADS = {
    "en": "This is an extract, and no language model wrote it: every sentence below stands in your documents, "
    "word for word but for references in brackets, and names its source.",
    "ko": "이 글은 발췌문이며, 언어 모델이 쓴 글이 아닙니다. "
    "아래의 모든 문장은 대괄호로 된 참조를 빼고는 문서에 있는 그대로 옮긴 것이고 출처를 밝힙니다.",
}
ELSEWHERE = {"en": "From your documents", "ko": "문서에서"}
"""The heading of what has no title."""
_OWN_MARK = re.compile(rf"\s*{MARK}")


@dataclass(frozen=True, slots=True)
class Section:
    """Sentences of one document, each with the number of the passage it stands in."""

    title: str
    lines: tuple[tuple[str, int], ...]


class ExtractiveWriter:
    """See `Writer`. Costs nothing; its tokens are those of nobody's model, so they are 0."""

    provider = PROVIDER
    model = RULE

    def __init__(self, count_tokens: Callable[[str], int], *, observe: Observe = count) -> None:
        self._count = count_tokens
        self._observe = observe

    def write(self, asked: Asked) -> Writing:
        """See `Writer.write`; raises `Refused(nothing_found)`."""
        return observed(self._written(asked), PROVIDER, self._observe)

    async def _written(self, asked: Asked) -> AsyncGenerator[str | Finished, None]:
        language = asked.language if asked.language in HEADS else "en"
        sections = extract(asked.brief, asked.sources)
        if not sections:
            raise Refused(ErrorCode.NOTHING_FOUND, "the documents say next to nothing about the brief")
        left = asked.max_tokens
        for piece in _pieces(sections, language):
            tokens = self._count(piece)
            if tokens > left:
                yield Finished(LENGTH, 0, 0, RULE)
                return
            left -= tokens
            yield piece
        yield Finished(STOP, 0, 0, RULE)


def extract(brief: str, sources: Sequence[Source]) -> list[Section]:
    """What the sources say about the brief, by document in the order of the sources; empty when that is too little."""
    wanted = set(content_words(brief))
    chosen, covered = list[tuple[Source, str]](), set[str]()
    for source in sources:
        for said in _best(source.text, wanted):
            if all(said != before for _, before in chosen):
                chosen.append((source, said))
                covered |= wanted & set(content_words(said))
    if not wanted or len(covered) < LEAST_COVERAGE * len(wanted):
        return []
    by_title: dict[str, list[tuple[str, int]]] = {}
    for source, said in chosen:
        by_title.setdefault(source.title, []).append((said, source.number))
    return [Section(title, tuple(lines)) for title, lines in by_title.items()]


def _best(text: str, wanted: set[str]) -> list[str]:
    """The sentences that share most with the brief, in the order of the text."""
    scored = []
    for place, (start, end) in enumerate(sentences(text)):
        said = " ".join(_OWN_MARK.sub("", text[start:end]).split())
        words = content_words(said)
        shared = len(wanted & set(words))
        if shared and len(words) >= SHORTEST:
            scored.append((-shared, place, said))
    return [said for _, _, said in sorted(sorted(scored)[:A_PASSAGE], key=lambda one: one[1])]


def _pieces(sections: Sequence[Section], language: str) -> list[str]:
    pieces = [HEADS[language] + "\n"]
    for section in sections:
        heading = f"\n## {section.title or ELSEWHERE[language]}\n\n"
        lines = [f"{said} [{number}]\n\n" for said, number in section.lines]
        pieces += [heading + lines[0], *lines[1:]]
    return pieces
