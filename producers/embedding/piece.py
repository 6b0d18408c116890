"""One text on its way through the embedder that many callers share, and what becomes of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from muniment.producers.embedding.embedder import Embedded, Purpose
from muniment.schemas.errors import StepFailure


@dataclass(eq=False)
class Piece:
    """One text under way. Its future is settled once, with nothing: the outcome lies beside it."""

    text: str
    purpose: Purpose
    settled: "asyncio.Future[None]"
    lane: int
    epoch: int = 0
    """That of `Paid` when it was first asked for."""
    waiters: int = 0
    vector: NDArray[np.float32] | None = None
    error: Exception | None = None
    owners: set[str] = field(default_factory=set)
    tokens: int = 0
    """Given to the first caller that collects: the others were served for nothing."""
    call: "asyncio.Task[None] | None" = None

    @property
    def weight(self) -> int:
        """Bytes: nearer to tokens than characters are, as Korean has more tokens to a character."""
        return len(self.text.encode(errors="surrogatepass"))


@dataclass(eq=False)
class Ask:
    """The texts that one caller brought and nobody had asked for yet."""

    order: int
    pieces: list[Piece]

    def live(self) -> list[Piece]:
        """Those that are still wanted: what somebody more urgent asked for since then has gone with theirs."""
        self.pieces = [piece for piece in self.pieces if piece.waiters and piece.call is None]
        return self.pieces


def collected(texts: Sequence[str], pieces: Mapping[str, Piece]) -> Embedded:
    """The vectors of a caller's texts, all of which are settled; raises what became of the first that failed."""
    tokens = 0
    for piece in pieces.values():
        if piece.error is not None:
            raise _own(piece.error)
        tokens, piece.tokens = tokens + piece.tokens, 0
    return Embedded(np.stack([pieces[text].vector for text in texts]), tokens)  # type: ignore[misc]


def _own(error: Exception) -> Exception:
    """A copy for each caller: one exception raised in several tasks would mix their tracebacks."""
    if isinstance(error, StepFailure):
        return StepFailure(error.code, error.detail, retry_after_s=error.retry_after_s)
    return error
