"""What was made of what: nodes, and which of them came from which. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Node:
    """One thing on the way.

    Attributes:
        kind: What it is (`upload`, `version`, `chunk`, …): the key of its name, and by which its relations are known.
        ref: What names it among its kind, as its relations need it.
        title: What a person calls it.
        facts: More about it, by keys of the catalogue of strings.
        at: When it came to be, where that is known.
        href: Where more is shown of it; empty: nowhere.
        place: Where the log says so, as `topic:partition:offset`; empty where that is not known.
        text: What it says, for the passage itself.

    """

    kind: str
    ref: tuple[object, ...]
    title: str
    facts: Mapping[str, str] = field(default_factory=dict, hash=False)
    at: datetime | None = None
    href: str = ""
    place: str = ""
    text: str = ""

    @property
    def key(self) -> str:
        """Names it in a graph."""
        return ":".join([self.kind, *(str(part) for part in self.ref)])


@dataclass
class Graph:
    """Nodes by their keys, and edges from what was there first to what was made of it.

    Attributes:
        start: The key of the node that it was asked about.
        left_out: By the key of a node, how many things that were made of it are not shown.

    """

    start: str
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: set[tuple[str, str]] = field(default_factory=set)
    left_out: dict[str, int] = field(default_factory=dict)

    def add(self, node: Node, *, origin: Node | None = None, result: Node | None = None) -> bool:
        """Take a node in, with what it came from or what was made of it; whether it was new."""
        new = node.key not in self.nodes
        self.nodes.setdefault(node.key, node)
        if origin is not None:
            self.edges.add((origin.key, node.key))
        if result is not None:
            self.edges.add((node.key, result.key))
        return new

    def origins(self, key: str) -> list[Node]:
        """What a node came from."""
        return [self.nodes[first] for first, then in sorted(self.edges) if then == key]

    def results(self, key: str) -> list[Node]:
        """What was made of a node, in the order of their titles' numbers where they have any."""
        return sorted((self.nodes[then] for first, then in self.edges if first == key), key=in_order)

    def first(self) -> list[Node]:
        """Nodes that came from nothing that is shown."""
        later = {then for _, then in self.edges}
        return [node for key, node in self.nodes.items() if key not in later]

    def told(self) -> Iterator[tuple[int, Node]]:
        """Every node once, each behind what it came from, with how deep it stands: what the list says."""
        seen: set[str] = set()

        def below(node: Node, depth: int) -> Iterator[tuple[int, Node]]:
            if node.key in seen:
                return
            seen.add(node.key)
            yield depth, node
            for result in self.results(node.key):
                yield from below(result, depth + 1)

        for node in sorted(self.first(), key=in_order):
            yield from below(node, 0)


def in_order(node: Node) -> tuple[str, ...]:
    """By kind and reference, numbers as numbers."""
    return (node.kind, *(f"{part:020}" if isinstance(part, int) else str(part) for part in node.ref))


@dataclass(frozen=True, slots=True)
class Box:
    """A node on the drawing."""

    node: Node
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where everything stands, in units of the drawing; lines are SVG paths (SVG 2, 9.3) from box to box."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]


WIDTH, HEIGHT, GAP_X, GAP_Y, EDGE = 176, 64, 44, 18, 8
"""Of a box, of the room between boxes and of the room around them all."""


def drawn(graph: Graph, kinds: Sequence[str]) -> Drawing:
    """A column for each kind that is there, in this order; within one, boxes are near what they came from."""
    columns = [[n for n in graph.nodes.values() if n.kind == kind] for kind in kinds]
    columns = [nodes for nodes in columns if nodes]
    rank: dict[str, float] = {}
    placed: dict[str, Box] = {}
    tallest = max((len(nodes) for nodes in columns), default=0)
    for column, nodes in enumerate(columns):
        ordered = sorted(nodes, key=lambda n: (_middle(graph, n, rank), in_order(n)))
        room = (tallest - len(ordered)) * (HEIGHT + GAP_Y) // 2
        for row, node in enumerate(ordered):
            rank[node.key] = row + (tallest - len(ordered)) / 2
            x, y = EDGE + column * (WIDTH + GAP_X), EDGE + room + row * (HEIGHT + GAP_Y)
            placed[node.key] = Box(node, x, y)
    lines = [_line(placed[a], placed[b]) for a, b in sorted(graph.edges) if a in placed and b in placed]
    width = 2 * EDGE + len(columns) * WIDTH + max(0, len(columns) - 1) * GAP_X
    height = 2 * EDGE + tallest * HEIGHT + max(0, tallest - 1) * GAP_Y
    return Drawing(width, height, tuple(placed.values()), tuple(lines))


def _middle(graph: Graph, node: Node, rank: Mapping[str, float]) -> float:
    known = [rank[origin.key] for origin in graph.origins(node.key) if origin.key in rank]
    return sum(known) / len(known) if known else 0.0


def _line(origin: Box, result: Box) -> str:
    x1, y1, x2, y2 = origin.x + WIDTH, origin.y + HEIGHT // 2, result.x, result.y + HEIGHT // 2
    bend = (x1 + x2) // 2
    return f"M{x1} {y1}C{bend} {y1} {bend} {y2} {x2} {y2}"
