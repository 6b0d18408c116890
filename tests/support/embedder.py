"""A fake embedder: vectors from a hash, every call written down, faults and delays on demand."""

import asyncio
import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from muniment.producers.embedding.embedder import Embedded, Purpose, nothing


class FakeEmbedder:
    """Behaves as the port says, without any model.

    `calls` holds the texts of each call; `script` maps the texts of a call to an error to raise, or nothing;
    while `gate` is cleared, calls wait.
    """

    def __init__(self, model: str = "fake", dimensions: int = 8) -> None:
        self.model = model
        self.dimensions = dimensions
        self.calls: list[tuple[Purpose, tuple[str, ...]]] = []
        self.script: Callable[[Sequence[str]], Exception | None] = lambda _texts: None
        self.gate = asyncio.Event()
        self.gate.set()
        self.in_flight = 0
        self.most_in_flight = 0

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> Embedded:
        """Embed as scripted: one token for each character."""
        if not texts:
            return nothing(self.dimensions)
        self.calls.append((purpose, tuple(texts)))
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(0)
            await self.gate.wait()
        finally:
            self.in_flight -= 1
        error = self.script(texts)
        if error is not None:
            raise error
        vectors = np.stack([self.vector(text, purpose) for text in texts])
        return Embedded(vectors, sum(map(len, texts)))

    def vector(self, text: str, purpose: Purpose) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
        """The vector that this fake gives to a text."""
        digest = hashlib.shake_128(f"{purpose}:{text}".encode()).digest(self.dimensions)
        raw = np.frombuffer(digest, np.int8).astype(np.float32) + 0.5
        return np.asarray(raw / np.linalg.norm(raw), np.float32)


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(20):
        await asyncio.sleep(0)
