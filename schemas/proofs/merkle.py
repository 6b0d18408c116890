"""Merkle trees, and the proofs that they allow (RFC 6962 section 2.1, RFC 9162 section 2.1).

A leaf is hashed as SHA-256(0x00 ‖ leaf), a node as SHA-256(0x01 ‖ left ‖ right), so that no node can pass for a leaf.
Of n leaves the left k, the largest power of two below n, are one subtree, the others the second.

A proof is a list of hashes of *ranges* of leaves. A range is put together from *nodes*: complete subtrees, which never
change once they are full. Whoever keeps those (see `tiles`) can make any proof without touching a leaf.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256().digest()
"""The root of a tree without leaves."""

Range = tuple[int, int]
"""Leaves from the first number to before the second."""
Node = tuple[int, int]
"""A complete subtree: its height, and its number among those of that height."""
Nodes = Mapping[Node, bytes]


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over those of its two halves."""
    return sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two below `size`, which has to be at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def nodes_of(span: Range) -> tuple[Node, ...]:
    """The complete subtrees that a range of a tree is made of, the largest, leftmost one first."""
    at, end = span
    out: list[Node] = []
    while at < end:
        height = (end - at).bit_length() - 1
        out.append((height, at >> height))
        at += 1 << height
    return tuple(out)


def range_hash(span: Range, nodes: Nodes) -> bytes:
    """The hash of a range from those of its complete subtrees."""
    found = [nodes[node] for node in nodes_of(span)]
    if not found:
        return EMPTY_ROOT
    out = found.pop()
    while found:
        out = node_hash(found.pop(), out)
    return out


def inclusion_ranges(index: int, size: int) -> tuple[Range, ...]:
    """The ranges whose hashes prove leaf `index` to be in the tree of `size` leaves, the nearest first.

    Raises:
        ValueError: There is no such leaf in that tree.

    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    out: list[Range] = []
    lo, hi = 0, size
    while hi - lo > 1:
        middle = lo + split(hi - lo)
        if index < middle:
            out.append((middle, hi))
            hi = middle
        else:
            out.append((lo, middle))
            lo = middle
    return tuple(reversed(out))


def consistency_ranges(old: int, new: int) -> tuple[Range, ...]:
    """The ranges whose hashes prove the tree of `new` leaves to begin with that of `old` leaves.

    Raises:
        ValueError: `old` is 0 or above `new`: RFC 9162 proves nothing of an empty tree, which begins every tree.

    """
    if not 0 < old <= new:
        raise ValueError(f"nothing proves {old} leaves to be the beginning of {new}")
    out: list[Range] = []
    lo, hi, whole = 0, new, True
    while hi != old:
        middle = lo + split(hi - lo)
        if old <= middle:
            out.append((middle, hi))
            hi = middle
        else:
            out.append((lo, middle))
            lo, whole = middle, False
    if not whole:
        out.append((lo, hi))
    return tuple(reversed(out))


def needed(spans: Iterable[Range]) -> frozenset[Node]:
    """All complete subtrees whose hashes are needed to know those of the ranges."""
    return frozenset(node for span in spans for node in nodes_of(span))


def root_from_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof for this leaf hash leads to (RFC 9162 section 2.1.3.2); `None` for no proof."""
    if not 0 <= index < size:
        return None
    at, last, out = index, size - 1, leaf
    for one in path:
        if last == 0:
            return None
        if at % 2 or at == last:
            out = node_hash(one, out)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            out = node_hash(out, one)
        at, last = at >> 1, last >> 1
    return out if last == 0 else None


def is_included(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows that leaf hash to be number `index` in the tree of that size and root."""
    return root_from_inclusion(index, size, leaf, path) == root


@dataclass(frozen=True, slots=True)
class Head:
    """A tree: how many leaves, and the root over them."""

    size: int
    root: bytes


def is_consistent(old: Head, new: Head, path: Sequence[bytes]) -> bool:
    """Whether the proof shows the new tree to begin with the old one (RFC 9162 section 2.1.4.2)."""
    if old.size > new.size or old.size < 0:
        return False
    if old.size in {0, new.size}:
        return not path and (old == new if old.size else old.root == EMPTY_ROOT)
    hashes = list(path)
    if old.size & (old.size - 1) == 0:
        hashes.insert(0, old.root)
    if not hashes:
        return False
    at, last = old.size - 1, new.size - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for one in hashes[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            first, second = node_hash(one, first), node_hash(one, second)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, one)
        at, last = at >> 1, last >> 1
    return last == 0 and (first, second) == (old.root, new.root)
