"""What the cache's layers have been worth to this process, from its own counters. The sums are pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from muniment.schemas.metrics import CACHE_ENTRIES, CACHE_LOOKS

HIT = "hit"


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer's looks for one kind of answer, since this process began."""

    kind: str
    layer: str
    looks: int
    hits: int

    @property
    def share(self) -> int:
        """Of a hundred looks, how many found something."""
        return self.hits * 100 // self.looks if self.looks else 0


def layers(counted: Iterable[tuple[str, str, str, float]]) -> list[Layer]:
    """Looks as (kind, layer, result, how many), put together by kind and layer."""
    looks: dict[tuple[str, str], int] = {}
    hits: dict[tuple[str, str], int] = {}
    for kind, layer, result, count in counted:
        looks[kind, layer] = looks.get((kind, layer), 0) + int(count)
        hits[kind, layer] = hits.get((kind, layer), 0) + (int(count) if result == HIT else 0)
    return [Layer(*place, looks[place], hits[place]) for place in sorted(looks)]


def here() -> tuple[list[Layer], int]:
    """What this process counts, and how many answers it holds."""
    counted = [
        (one.labels["kind"], one.labels["layer"], one.labels["result"], one.value)
        for metric in CACHE_LOOKS.collect()
        for one in metric.samples
        if one.name.endswith("_total")
    ]
    held = next((one.value for metric in CACHE_ENTRIES.collect() for one in metric.samples), 0.0)
    return layers(counted), int(held)
