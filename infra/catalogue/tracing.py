"""Finds who writes and who reads each event, from the code itself: nobody keeps a list that could be wrong.

Written by: the part whose code calls the event's class. Worked on by: the steps that have it in `reads`. Folded by: the
projections that read its topic.
"""

import ast
import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from muniment import stream_apps
from muniment.infra.catalogue.syntax import tree_of
from muniment.projections.registry import PROJECTIONS
from muniment.schemas.catalogue import declarations
from muniment.schemas.event import Event
from muniment.schemas.lineage import Lineage
from muniment.schemas.topics import STEP_NAMES

ROOT = Path(__file__).parents[2]
FOLDERS = ("api", "producers", "stream_apps", "projections", "infra")
MEASURING = ("infra/bench",)
"""Code that plays a part to measure it; it is not that part."""
_DECLARED_IN = "muniment.schemas."


@dataclass
class _Module:
    """What one file says: events that it names, and those that it makes."""

    part: str
    known: dict[str, str] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)


@cache
def traced(root: Path = ROOT) -> dict[str, Lineage]:
    """The lineage of every declared event, by `Name.vN`."""
    makers: dict[str, set[str]] = defaultdict(set)
    for module in _modules(root):
        for name in module.made:
            makers[name].add(module.part)
    readers: dict[str, set[str]] = defaultdict(set)
    for step, events in read_by().items():
        for event in events:
            readers[event.declaration.name].add(step)
    folded = {name: {topic.name for topic in make(1).topics} for name, make in PROJECTIONS.items()}
    return {
        d.key: Lineage(
            producers=tuple(sorted(makers[d.name])),
            steps=tuple(sorted(readers[d.name])),
            projections=tuple(sorted(name for name, topics in folded.items() if d.topic.name in topics)),
        )
        for d in declarations()
    }


def read_by() -> dict[str, tuple[type[Event], ...]]:
    """What each step works on, by its name: every class of that shape in a `step.py`."""
    found = {}
    for module in pkgutil.walk_packages(stream_apps.__path__, "muniment.stream_apps."):
        if module.name.endswith(".step"):
            for one in vars(importlib.import_module(module.name)).values():
                name = getattr(one, "name", "") if isinstance(one, type) else ""
                if name in STEP_NAMES:
                    found[name] = tuple(getattr(one, "reads", ()))
    return found


def as_json(found: Mapping[str, Lineage]) -> dict[str, Any]:
    """As `schemas/lineage.json` holds it."""
    return {key: {name: list(parts) for name, parts in asdict(one).items()} for key, one in sorted(found.items())}


def _modules(root: Path) -> Iterator[_Module]:
    events = {d.name for d in declarations()}
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            place = path.relative_to(root)
            if not place.as_posix().startswith(MEASURING):
                yield _read(tree_of(path), _part(place), events)


def _part(place: Path) -> str:
    """`api`, or the folder below `stream_apps` (a step, mostly) or `producers`; a module there by its own name."""
    if place.parts[0] in {"api", "infra"} and len(place.parts) < 3:  # noqa: PLR2004 - no folder of its own
        return place.parts[0]
    return place.parts[1].removesuffix(".py") if place.parts[0] != "api" else "api"


def _read(tree: ast.Module, part: str, events: set[str]) -> _Module:
    module = _Module(part)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_DECLARED_IN):
            module.known |= {name.asname or name.name: name.name for name in node.names if name.name in events}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in module.known:
            module.made.add(module.known[node.func.id])
    return module
