"""Who writes an event and who reads it: a committed file, written from the code by `make schemas`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Lineage:
    """The parts that emit an event, the steps that work on it, and the read models that its topic is folded into."""

    producers: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    projections: tuple[str, ...] = ()


@cache
def lineage() -> Mapping[str, Lineage]:
    """By `Name.vN`."""
    text = (files("muniment.schemas") / "lineage.json").read_text("utf-8")
    return {
        key: Lineage(**{name: tuple(parts) for name, parts in found.items()}) for key, found in json.loads(text).items()
    }
