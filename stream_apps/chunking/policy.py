"""How large chunks are, and by whose tokens."""

from dataclasses import dataclass

CL100K = "cl100k_base"
"""The encoding of OpenAI's embedding models; it comes with the package and needs no file."""

_MIN_TOKENS = 16  # One character is at most four bytes: far enough above what a single character may cost.


@dataclass(frozen=True, slots=True)
class ChunkPolicy:
    """Sizes in tokens of `tokenizer`: `cl100k_base`, or the path of a Hugging Face `tokenizer.json`.

    The default leaves room in a context of 512 for the model's own two tokens, its prefix ("passage: ") and a heading.
    That holds only if `tokenizer` is the model's own: 384 of cl100k_base have been 670 of multilingual-e5-small.
    Sections below `small_tokens` are joined with their neighbour. Raises `ValueError` for sizes that cannot work.
    """

    max_tokens: int = 384
    overlap_tokens: int = 48
    small_tokens: int = 96
    tokenizer: str = CL100K

    def __post_init__(self) -> None:
        if self.max_tokens < _MIN_TOKENS:
            raise ValueError(f"max_tokens must be at least {_MIN_TOKENS}")
        if not 0 <= self.overlap_tokens <= self.max_tokens // 2:
            raise ValueError("overlap_tokens must be between 0 and half of max_tokens")
        if not 0 <= self.small_tokens <= self.max_tokens:
            raise ValueError("small_tokens must be between 0 and max_tokens")
        if not self.tokenizer:
            raise ValueError("tokenizer must be cl100k_base or the path of a tokenizer.json")
