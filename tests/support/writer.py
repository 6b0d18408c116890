"""A writer in memory, behind the same suite as the real ones."""

from collections.abc import AsyncGenerator, Sequence

from muniment.producers.writing.writer import Asked, Finished, Writing
from muniment.schemas.errors import MunimentError


class FakeWriter:
    """See `Writer`. Says what it was given; with an error it fails after the pieces."""

    provider = "fake"
    model = "fake-1"

    def __init__(self, pieces: Sequence[str] = ("A ", "text."), error: MunimentError | None = None) -> None:
        self.pieces = pieces
        self.error = error
        self.asked: list[Asked] = []

    def write(self, asked: Asked) -> Writing:
        """See `Writer.write`."""
        self.asked.append(asked)
        return self._written()

    async def _written(self) -> AsyncGenerator[str | Finished, None]:
        for piece in self.pieces:
            yield piece
        if self.error:
            raise self.error
        yield Finished("stop", 10, len(self.pieces), self.model)
