"""Trees that are kept in tiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.merkle import mth

from muniment.schemas.proofs.merkle import HASH_BYTES, inclusion_ranges, is_included, leaf_hash, needed, range_hash
from muniment.schemas.proofs.tiles import Growing, edge, nodes_in, tile_of


def leaves(count: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4, "big")) for number in range(count)]


@given(st.lists(st.integers(0, 700), min_size=1, max_size=5))
def test_a_tree_grown_in_pieces_is_the_tree_of_its_leaves(pieces: list[int]) -> None:
    """However the leaves come, and whoever goes on from the tiles that were kept."""
    all_leaves = leaves(sum(pieces))
    kept: dict[tuple[int, int], bytes] = {}
    size = 0
    for piece in pieces:
        tree = Growing(size, kept)
        kept |= tree.append(all_leaves[size : size + piece])
        size += piece
        assert tree.head().root == mth(all_leaves[:size])
        assert Growing(size, kept).head() == tree.head()
    assert b"".join(kept[0, n] for n in range((size + 255) // 256)) == b"".join(all_leaves)


@pytest.fixture(scope="module")
def grown() -> tuple[int, dict[tuple[int, int], bytes], bytes]:
    size = 256 * 256 + 3 * 256 + 77
    tree = Growing()
    kept = tree.append(leaves(size))
    return size, kept, tree.head().root


@pytest.mark.parametrize("index", [0, 255, 256, 65_535, 65_536, 66_303, 66_304, 66_380])
def test_a_proof_is_made_from_tiles_alone(grown: tuple[int, dict[tuple[int, int], bytes], bytes], index: int) -> None:
    """On three levels, in full tiles and in those at the edge."""
    size, kept, root = grown
    spans = inclusion_ranges(index, size)
    wanted = needed(spans)
    nodes = nodes_in(wanted, {tile: kept[tile] for tile in map(tile_of, wanted)})
    path = [range_hash(span, nodes) for span in spans]
    assert is_included(index, size, leaf_hash(index.to_bytes(4, "big")), path, root)


def test_tiles_of_another_size_are_refused(grown: tuple[int, dict[tuple[int, int], bytes], bytes]) -> None:
    """A tree cannot go on from an edge that is not its own."""
    size, kept, _ = grown
    with pytest.raises(ValueError, match="tiles"):
        Growing(size + 1, kept)
    assert [tile[0] for tile in edge(size)] == [0, 1, 2]
    assert all(len(tile) <= 256 * HASH_BYTES for tile in kept.values())
