"""Which kinds of things are made of which, and how to find them: a registry, so that a new kind is one entry.

Whoever adds a kind (a citation, a draft) appends its relation to `RELATIONS` where its section is put together, gives
its name a text `lineage.kind.<kind>`, and puts it in its place in `ORDER`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from muniment.api.access import Principal
from muniment.api.console.audit.lineage.graph import Graph, Node
from muniment.api.dependencies import Dependencies


@dataclass
class Asking:
    """Who asks, and what was found out for them already: one for each graph.

    Attributes:
        known: Whatever a relation wants to find out once, by keys of its own.

    """

    deps: Dependencies
    who: Principal
    known: dict[object, Any] = field(default_factory=dict)


Find = Callable[[Asking, Node], Awaitable[Sequence[Node]]]
ORDER: list[str] = ["upload", "version", "extraction", "batch", "chunk", "citation", "draft", "episode", "project"]
"""From what is there first to what is made last: the columns of the drawing."""
AT_ONCE = 24
"""So many things of one kind are shown of what was made of something; the others are counted."""
DEEPEST = 12
"""So many steps away from where it began the way is followed."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Things of one kind are made of things of another.

    Attributes:
        origin: The kind of what is there first.
        result: The kind of what is made of it.
        origins: Finds what a `result` came from.
        results: Finds what was made of an `origin`.

    """

    origin: str
    result: str
    origins: Find
    results: Find


RELATIONS: list[Relation] = []


async def traced(asking: Asking, start: Node) -> Graph:
    """Everything that a thing came from, and what was made of it, as far as it is to be shown.

    What it came from is followed to the upload. What was made of it is followed step by step, of each step the first
    ones; of what was made of what it came from nothing is told: those are other ways.
    """
    graph = Graph(start.key)
    graph.add(start)
    nodes = [start]
    for _ in range(DEEPEST):
        nodes = [origin for node in nodes for origin in await _back(asking, graph, node)]
    nodes = [start]
    for _ in range(DEEPEST):
        nodes = await _on(asking, graph, nodes)
    return graph


async def _back(asking: Asking, graph: Graph, node: Node) -> list[Node]:
    """What a node came from, as far as that is new."""
    found = [
        one for relation in RELATIONS if relation.result == node.kind for one in await relation.origins(asking, node)
    ]
    return [origin for origin in found if graph.add(origin, result=node)]


async def _on(asking: Asking, graph: Graph, nodes: Sequence[Node]) -> list[Node]:
    """What was made of some nodes, as far as that is new and there is room for it."""
    fresh: list[Node] = []
    for node in nodes:
        for relation in [one for one in RELATIONS if one.origin == node.kind]:
            found = await relation.results(asking, node)
            room = max(0, AT_ONCE - sum(one.kind == relation.result for one in fresh))
            if len(found) > room:
                graph.left_out[node.key] = graph.left_out.get(node.key, 0) + len(found) - room
            fresh += [result for result in found[:room] if graph.add(result, origin=node)]
    return fresh
