"""When is a version whole? When the totals are known and every batch of them is embedded. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """What has come in for a version; `batches` is `None` until chunking has said how many there are."""

    chunks: int
    batches: int | None
    embedded_batches: int
    tokens: int
    cost_micros: int
    embedded: int
    reused: int


def whole(tally: Tally) -> bool:
    """Whether every batch that chunking announced has its vectors."""
    return tally.batches is not None and tally.embedded_batches >= tally.batches
