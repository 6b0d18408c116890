"""Sections to chunks: on sentence, line and paragraph borders, never too large, never inside a character."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from semantic_text_splitter import TextSplitter

from muniment.stream_apps.chunking.chunk import Chunk
from muniment.stream_apps.chunking.passages import Passage, passages
from muniment.stream_apps.chunking.policy import ChunkPolicy
from muniment.stream_apps.chunking.tokens import counter
from muniment.stream_apps.scrubbing.section import ScrubbedSection

_EVEN_BELOW = 4
"""A passage of fewer chunks than this is cut into even ones: full ones would leave a crumb at the end."""


def split(sections: Iterable[ScrubbedSection], policy: ChunkPolicy, *, first_ordinal: int = 0) -> Iterator[Chunk]:
    """Cut a document's sections, given in order, into chunks numbered from `first_ordinal`.

    Streams: holds one passage (a section, with the small ones before it) at a time. Deterministic. The text of a
    chunk is exactly a slice of the sections; every character but white space at the cuts is in one. Neighbours
    share up to `overlap_tokens` inside a passage. The chunk is never above `max_tokens` and never ends
    inside a grapheme, unless a single grapheme is above it. Raises what `counter` raises.
    """
    count = counter(policy.tokenizer)
    ordinal = first_ordinal
    for passage in passages(sections, policy, count):
        for position, text in _cut(passage, policy, count(passage.text)):
            yield _chunk(ordinal, passage, position, text, count(text))
            ordinal += 1


def _cut(passage: Passage, policy: ChunkPolicy, tokens: int) -> list[tuple[int, str]]:
    overlap, most = policy.overlap_tokens, policy.max_tokens
    pieces = -((overlap - tokens) // (most - overlap))
    enough = most
    if 1 < pieces < _EVEN_BELOW:
        enough = min(most, overlap + -((overlap - tokens) // pieces))
    indices: list[tuple[int, str]] = _splitter(policy, enough).chunk_indices(passage.text)
    # The splitter keeps separator characters (U+001C to U+001F) that count as white space here.
    return [(position, text) for position, text in indices if text.strip()]


@lru_cache(maxsize=1024)
def _splitter(policy: ChunkPolicy, enough: int) -> TextSplitter:
    """A splitter that is content with `enough` tokens at a border; cheap, but there are thousands of passages."""
    capacity = (enough, policy.max_tokens) if enough < policy.max_tokens else policy.max_tokens
    return TextSplitter.from_callback(counter(policy.tokenizer), capacity, overlap=policy.overlap_tokens)


def _chunk(ordinal: int, passage: Passage, position: int, text: str, tokens: int) -> Chunk:
    first, start = passage.at(position)
    last, end = passage.at(position + len(text) - 1)
    return Chunk(
        ordinal=ordinal,
        text=text,
        start=first.to_original(start),
        end=last.to_original(end + 1, end=True),
        page=first.page,
        heading=first.heading,
        tokens=tokens,
    )
