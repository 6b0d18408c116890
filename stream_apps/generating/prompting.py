"""The prompt of a draft: as many passages as the budget holds, in the template, counted. Pure.

Memory (the passages) never takes more than its share of the model's window, and the whole never so much that there is
no room for the answer.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from muniment.producers.writing.templates.registry import Template
from muniment.producers.writing.writer import Message, Source
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.scripts import Passage
from muniment.stream_apps.generating.passages import Found, block

Count = Callable[[str], int]
A_MESSAGE = 8
"""Tokens that a message costs beside its words: its role, and what marks where it begins and ends."""
A_PASSAGE = 4
"""Tokens that the ends of lines about a passage may cost: they are not counted with its words."""


@dataclass(frozen=True, slots=True)
class Window:
    """How many tokens a model can hold, prompt and answer together, and what share of it passages may take."""

    tokens: int
    memory_share: float

    def room(self, others: int, answer: int) -> int:
        """Tokens for passages beside `others` of the prompt and an answer of up to `answer`."""
        return max(0, min(int(self.tokens * self.memory_share), self.tokens - others - answer))


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model is to be asked, and how it is told on the log."""

    messages: tuple[Message, ...]
    sources: tuple[Source, ...]
    passages: tuple[Passage, ...]
    memory_tokens: int
    tokens: int

    def recorded(self) -> str:
        """Canonical JSON of the messages, and where in the last one the text of each passage stands."""
        places, text, at = [], self.messages[-1].content, 0
        for source in self.sources:
            head, said = block(source)
            at = text.index(head + said, at) + len(head)
            places.append({"number": source.number, "start": at, "end": at + len(source.text)})
        messages = [{"role": m.role, "content": m.content} for m in self.messages]
        whole = {"messages": messages, "passages": places}
        return json.dumps(whole, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def texts(recorded: str) -> dict[int, str]:
    """The texts of the passages in a recorded prompt, by their numbers."""
    whole = json.loads(recorded)
    text = whole["messages"][-1]["content"]
    return {place["number"]: text[place["start"] : place["end"]] for place in whole["passages"]}


def prompted(
    template: Template,
    brief: str,
    language: str,
    found: Sequence[Found],
    *,
    window: Window,
    answer_tokens: int,
    count: Count,
) -> Prompt:
    """The prompt with the best passages, in their order, until the next one would be too much.

    Raises:
        StepFailure: `provider_rejected` when the window does not even hold the brief and the answer.

    """
    bare = counted(template.filled(brief, language, ""), count)
    if bare + answer_tokens > window.tokens:
        detail = f"brief and answer need more than the {window.tokens} tokens of the model's window"
        raise StepFailure(ErrorCode.PROVIDER_REJECTED, detail)
    room, used, sizes = window.room(bare, answer_tokens), 0, list[int]()
    for number, one in enumerate(found, 1):
        size = sum(map(count, block(one.numbered(number)))) + A_PASSAGE
        if used + size > room:
            break
        used += size
        sizes.append(size)
    chosen = list(enumerate(found[: len(sizes)], 1))
    sources = tuple(one.numbered(number) for number, one in chosen)
    memory = "".join("".join(block(source)) for source in sources)
    return Prompt(
        messages=template.filled(brief, language, memory),
        sources=sources,
        passages=tuple(one.recorded(number, size) for (number, one), size in zip(chosen, sizes, strict=True)),
        memory_tokens=used,
        tokens=bare + used,
    )


def counted(messages: Sequence[Message], count: Count) -> int:
    """Tokens of these messages."""
    return sum(count(message.content) + A_MESSAGE for message in messages)
