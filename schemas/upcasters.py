"""Pure functions that lift an old version of an event to the next, by `(name, from_version)`.

Every version ever committed must still fold: a new version of an event needs an entry here, and a test says so.
A personal field comes opened, or as `REDACTED` when its key is gone; an upcaster passes on what it does not know.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

Upcaster = Callable[[Mapping[str, Any]], Mapping[str, Any]]

UPCASTERS: dict[tuple[str, int], Upcaster] = {}


def flaws(versions: Iterable[tuple[str, int]], upcasters: Iterable[tuple[str, int]]) -> list[str]:
    """What is wrong with a set of upcasters for these versions of events, each with what to do; empty when nothing is.

    Args:
        versions: Name and version of every declared event.
        upcasters: Name and version from which each upcaster lifts.

    """
    declared: dict[str, set[int]] = {}
    for name, version in versions:
        declared.setdefault(name, set()).add(version)
    there, found = set(upcasters), []
    for name, numbers in sorted(declared.items()):
        newest = max(numbers)
        found += [f"{name}.v{n} is not declared: versions have no gaps" for n in range(1, newest) if n not in numbers]
        found += [
            f"{name}.v{n} is not lifted to v{n + 1}: add UPCASTERS[{name!r}, {n}] to schemas/upcasters.py"
            for n in sorted(numbers - {newest})
            if (name, n) not in there
        ]
    known = {(name, n) for name, numbers in declared.items() for n in numbers - {max(numbers)}}
    found += [f"UPCASTERS[{name!r}, {n}] lifts to a version that is not declared" for name, n in sorted(there - known)]
    return found
