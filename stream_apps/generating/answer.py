"""What has come of a try: a text as it grows, its times, and what it cost. Time comes in as an argument."""

from dataclasses import dataclass, field

from muniment.producers.writing.writer import Finished


@dataclass(slots=True)
class Answer:
    """The answer to one prompt.

    Attributes:
        began_s: When the model was asked, on a clock that only runs on.
        first_s: When its first piece came.
        tokens: Tokens written so far, as counted here.

    """

    began_s: float
    first_s: float | None = None
    pieces: list[str] = field(default_factory=list)
    tokens: int = 0
    finished: Finished | None = None

    def add(self, piece: str, tokens: int, now_s: float) -> int:
        """Add a piece; its number, from 0."""
        self.first_s = self.first_s if self.first_s is not None else now_s
        self.pieces.append(piece)
        self.tokens += tokens
        return len(self.pieces) - 1

    @property
    def text(self) -> str:
        """All of it so far."""
        return "".join(self.pieces)

    def paid(self, prompt_tokens: int) -> tuple[int, int]:
        """Tokens in and out that are paid for: as the provider said, or reckoned when it was broken off."""
        if self.finished is not None:
            return self.finished.tokens_in, self.finished.tokens_out
        return (prompt_tokens, self.tokens) if self.pieces else (0, 0)

    def first_ms(self) -> int:
        """Milliseconds to the first piece; 0 when none came."""
        return 0 if self.first_s is None else round((self.first_s - self.began_s) * 1000)

    def took_ms(self, now_s: float) -> int:
        """Milliseconds up to now."""
        return round((now_s - self.began_s) * 1000)
