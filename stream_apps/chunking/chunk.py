"""What chunking makes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of scrubbed text for one vector.

    `start` and `end` are character offsets in the *original* extracted text. `page` and `heading` are those of the
    chunk's first character. `tokens` are counted by the policy's tokenizer, without special tokens.
    """

    ordinal: int
    text: str
    start: int
    end: int
    page: int | None
    heading: str | None
    tokens: int
