"""What a text cost. Pure, whole numbers only."""

from dataclasses import dataclass
from decimal import Decimal

from muniment.producers.embedding.cost import cost_micros


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars for a million tokens that a model reads, and that it writes."""

    read: Decimal = Decimal(0)
    written: Decimal = Decimal(0)

    def of(self, tokens_in: int, tokens_out: int) -> int:
        """Millionths of a dollar for so many; `ValueError` for fewer than none."""
        return cost_micros(tokens_in, self.read) + cost_micros(tokens_out, self.written)
