"""How a tree is kept: in tiles of up to 256 hashes, as in C2SP's tlog-tiles.

Tile (0, n) holds the hashes of leaves 256·n and on. A full tile is a complete subtree of height 8, and its root is one
hash in a tile a level up. A tree of ten million leaves is 39,217 tiles on 3 levels; a proof reads a handful of them.
"""

from collections.abc import Iterable, Mapping, Sequence

from muniment.schemas.proofs.merkle import HASH_BYTES, Head, Node, needed, node_hash, range_hash

HEIGHT = 8
WIDTH = 1 << HEIGHT
Tile = tuple[int, int]
"""The level of a tile, and its number on that level."""


def tile_of(node: Node) -> Tile:
    """The tile whose hashes the hash of a complete subtree is made of."""
    height, number = node
    level, within = divmod(height, HEIGHT)
    return level, (number << within) >> HEIGHT


def tile_root(tile: bytes) -> bytes:
    """The root of a full tile: the one hash that stands for it a level up."""
    return _root(_cut(tile))


def node_in(node: Node, tile: bytes) -> bytes:
    """The hash of a complete subtree from its tile.

    Raises:
        ValueError: The tile is not that full yet.

    """
    height, number = node
    within = height % HEIGHT
    first = (number << within) % WIDTH
    hashes = _cut(tile[first * HASH_BYTES : (first + (1 << within)) * HASH_BYTES])
    if len(hashes) != 1 << within:
        raise ValueError(f"the tile has not all hashes of node {node}")
    return _root(hashes)


def nodes_in(nodes: Iterable[Node], tiles: Mapping[Tile, bytes]) -> dict[Node, bytes]:
    """The hashes of these complete subtrees from their tiles; `KeyError` when one is not there."""
    return {node: node_in(node, tiles[tile_of(node)]) for node in nodes}


def edge(size: int) -> tuple[Tile, ...]:
    """The tiles at the right edge of a tree, a level each: those that the next leaf may change."""
    out = []
    level, hashes = 0, size
    while hashes:
        out.append((level, hashes // WIDTH))
        level, hashes = level + 1, hashes // WIDTH
    return tuple(out)


class Growing:
    """A tree that leaves are appended to. Of all its tiles it needs those at the right edge alone."""

    def __init__(self, size: int = 0, tiles: Mapping[Tile, bytes] | None = None) -> None:
        found = tiles or {}
        self.size = size
        self._edge = {level: bytearray(found.get((level, number), b"")) for level, number in edge(size)}
        wrong = [
            level for level, held in self._edge.items() if len(held) != (size >> HEIGHT * level) % WIDTH * HASH_BYTES
        ]
        if wrong:
            raise ValueError(f"the tiles are not those of a tree of {size} leaves")

    def append(self, leaves: Sequence[bytes]) -> dict[Tile, bytes]:
        """Append leaf hashes; gives every tile that is new or has changed, as it is now."""
        changed: dict[Tile, bytes] = {}
        numbers = dict(edge(self.size))
        for leaf in leaves:
            self._push(0, leaf, numbers, changed)
        self.size += len(leaves)
        for level, held in self._edge.items():
            if held:
                changed[level, numbers[level]] = bytes(held)
        return changed

    def _push(self, level: int, one: bytes, numbers: dict[int, int], changed: dict[Tile, bytes]) -> None:
        held = self._edge.setdefault(level, bytearray())
        number = numbers.setdefault(level, 0)
        held += one
        if len(held) == WIDTH * HASH_BYTES:
            full = bytes(held)
            changed[level, number] = full
            held.clear()
            numbers[level] = number + 1
            self._push(level + 1, tile_root(full), numbers, changed)

    def head(self) -> Head:
        """The tree as it is now."""
        span = (0, self.size)
        nodes = {node: node_in(node, bytes(self._edge[tile_of(node)[0]])) for node in needed([span])}
        return Head(self.size, range_hash(span, nodes))


def _cut(tile: bytes) -> list[bytes]:
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


def _root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]
