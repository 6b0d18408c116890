"""What a long run does to the processes of a stack: samples of memory and file handles, and what they come to. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

WARM_S = 60.0
"""A process that is younger has not yet loaded what it needs: it is not counted."""
GROWN = 1.5
"""A median of the last third above so many times that of the first is growth."""
ROOM = {"rss_mib": 64.0, "handles": 32.0}
"""Growth below this is none, whatever the share."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A process at one moment: `at_s` since the beginning, `age_s` since it was started."""

    at_s: float
    part: str
    age_s: float
    rss_mib: float
    handles: int


def wear(samples: Iterable[Sample]) -> dict[str, dict[str, Any]]:
    """By part: medians of the first and the last third of the warm samples, and the most."""
    by_part: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.age_s >= WARM_S:
            by_part[sample.part].append(sample)
    return {part: _worn(sorted(found, key=lambda one: one.at_s)) for part, found in sorted(by_part.items())}


def grown(worn: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What is more at the end than it was: a leak, unless it is explained."""
    return [
        f"{name} of {part}: {figures[name][0]:g} at first, {figures[name][1]:g} in the end"
        for part, figures in worn.items()
        for name, room in ROOM.items()
        if figures[name][1] > max(figures[name][0] * GROWN, figures[name][0] + room)
    ]


def _worn(samples: Sequence[Sample]) -> dict[str, Any]:
    third = max(1, len(samples) // 3)
    found: dict[str, Any] = {"samples": len(samples)}
    for name in ROOM:
        values = [float(getattr(one, name)) for one in samples]
        found[name] = [round(median(values[:third]), 1), round(median(values[-third:]), 1), round(max(values), 1)]
    return found
