"""Merkle trees and their proofs."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.merkle import mth

from muniment.schemas.proofs.merkle import (
    EMPTY_ROOT,
    Head,
    Node,
    consistency_ranges,
    inclusion_ranges,
    is_consistent,
    is_included,
    leaf_hash,
    needed,
    range_hash,
)

# The test data of certificate-transparency's reference implementation (and of the Go and Rust ones after it).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def nodes_of_tree(leaves: list[bytes]) -> dict[Node, bytes]:
    """Every complete subtree."""
    out = {}
    height = 0
    while 1 << height <= len(leaves):
        for number in range(len(leaves) >> height):
            out[height, number] = mth(leaves[number << height : (number + 1) << height])
        height += 1
    return out


def made(count: int) -> list[bytes]:
    return [leaf_hash(bytes((number,))) for number in range(count)]


def test_roots_are_those_of_other_implementations() -> None:
    """The eight trees that all implementations of RFC 6962 test with."""
    hashes = [leaf_hash(leaf) for leaf in LEAVES]
    nodes = nodes_of_tree(hashes)
    assert [range_hash((0, n), nodes).hex() for n in range(1, 9)] == ROOTS
    assert range_hash((0, 0), nodes) == EMPTY_ROOT == sha256(b"").digest()


def test_proofs_are_those_of_other_implementations() -> None:
    """Proofs published with the same trees."""
    nodes = nodes_of_tree([leaf_hash(leaf) for leaf in LEAVES])

    def inclusion(index: int, size: int) -> list[str]:
        return [range_hash(span, nodes).hex()[:8] for span in inclusion_ranges(index, size)]

    def consistency(old: int, new: int) -> list[str]:
        return [range_hash(span, nodes).hex()[:8] for span in consistency_ranges(old, new)]

    assert inclusion(0, 8) == ["96a296d2", "5f083f0a", "6b47aaf2"]
    assert inclusion(5, 8) == ["bc1a0643", "ca854ea1", "d37ee418"]
    assert inclusion(2, 3) == ["fac54203"]
    assert inclusion(1, 5) == ["6e340b9c", "5f083f0a", "bc1a0643"]
    assert inclusion(0, 1) == []
    assert consistency(1, 8) == ["96a296d2", "5f083f0a", "6b47aaf2"]
    assert consistency(6, 8) == ["0ebc5d34", "ca854ea1", "d37ee418"]
    assert consistency(2, 5) == ["5f083f0a", "bc1a0643"]
    assert consistency(1, 1) == []


@given(st.integers(1, 200), st.data())
def test_every_inclusion_proof_holds_and_no_altered_one_does(size: int, data: st.DataObject) -> None:
    """Another leaf, index, size, root, order, or length of the path: refused."""
    leaves = made(size)
    nodes, root = nodes_of_tree(leaves), mth(leaves)
    index = data.draw(st.integers(0, size - 1))
    path = [range_hash(span, nodes) for span in inclusion_ranges(index, size)]
    assert is_included(index, size, leaves[index], path, root)
    assert not is_included(index, size, leaf_hash(b"other"), path, root)
    assert not is_included(index, size, leaves[index], path, leaf_hash(b"other"))
    assert not is_included(index, size, leaves[index], [*path, root], root)
    assert not is_included(-1, size, leaves[index], path, root)
    assert not is_included(size, size, leaves[index], path, root)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index)) if size > 1 else size
    assert not is_included(other, size, leaves[index], path, root)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not is_included(index, size, leaves[index], path[:at] + path[at + 1 :], root)
        assert not is_included(index, size, leaves[index], [*path[:at], bytes(32), *path[at + 1 :]], root)
        bit = data.draw(st.integers(0, 255))
        flipped = (int.from_bytes(path[at], "big") ^ 1 << bit).to_bytes(32, "big")
        assert not is_included(index, size, leaves[index], [*path[:at], flipped, *path[at + 1 :]], root)


@given(st.integers(1, 120), st.integers(0, 120), st.data())
def test_every_consistency_proof_holds_and_no_altered_one_does(old: int, more: int, data: st.DataObject) -> None:
    """A tree grown from another beginning, or an altered proof: refused."""
    new = old + more
    leaves = made(new)
    nodes = nodes_of_tree(leaves)
    before, after = Head(old, mth(leaves[:old])), Head(new, mth(leaves))
    path = [range_hash(span, nodes) for span in consistency_ranges(old, new)]
    assert is_consistent(before, after, path)
    assert not is_consistent(Head(old, bytes(32)), after, path)
    assert not is_consistent(before, Head(new, bytes(32)), path)
    assert not is_consistent(before, after, [*path, bytes(32)])
    changed = list(leaves)
    changed[data.draw(st.integers(0, old - 1))] = bytes(32)
    other = nodes_of_tree(changed)
    forged = [range_hash(span, other) for span in consistency_ranges(old, new)]
    assert not is_consistent(before, Head(new, mth(changed)), forged)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        assert not is_consistent(before, after, path[:at] + path[at + 1 :])
        assert not is_consistent(before, after, [*path[:at], bytes(32), *path[at + 1 :]])


def test_a_proof_of_what_cannot_be_proved_is_refused() -> None:
    """No leaf beyond the tree, no beginning longer than the whole, nothing of the empty tree."""
    for index, size in ((0, 0), (5, 5), (-1, 3)):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_ranges(index, size)
    for old, new in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match="nothing proves"):
            consistency_ranges(old, new)
    assert is_consistent(Head(0, EMPTY_ROOT), Head(3, bytes(32)), [])
    assert not is_consistent(Head(0, EMPTY_ROOT), Head(3, bytes(32)), [bytes(32)])
    assert not is_consistent(Head(4, bytes(32)), Head(3, bytes(32)), [])


def test_a_proof_over_ten_million_leaves_needs_few_nodes() -> None:
    """So that it can be made from a handful of tiles."""
    assert len(needed(inclusion_ranges(1_234_567, 10_000_000))) < 48
