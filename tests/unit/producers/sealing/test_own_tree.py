"""A tree whose tables were changed does not lead up to its root."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.sealing.own_tree import wrong_tiles
from muniment.schemas.proofs.merkle import HASH_BYTES, leaf_hash
from muniment.schemas.proofs.tiles import WIDTH, Growing, Tile

LEAVES = WIDTH * WIDTH + 3 * WIDTH + 7


def grown(size: int) -> dict[Tile, bytes]:
    return Growing().append([leaf_hash(number.to_bytes(4, "big")) for number in range(size)])


WHOLE = grown(LEAVES)
"""Three levels, two of them with full tiles."""


@given(st.integers(0, 3 * WIDTH))
def test_a_tree_as_it_grew_is_right(size: int) -> None:
    """However many leaves it has."""
    assert wrong_tiles(grown(size)) == []
    assert wrong_tiles(WHOLE) == []


@given(st.integers(0, WIDTH + 2), st.integers(0, WIDTH - 1), st.integers(1, 255), st.integers(0, HASH_BYTES - 1))
def test_a_changed_leaf_is_in_a_wrong_tile(number: int, leaf: int, flip: int, byte: int) -> None:
    """Whichever byte of whichever leaf of a full tile; no other tile is named."""
    tile = bytearray(WHOLE[0, number])
    tile[leaf * HASH_BYTES + byte] ^= flip
    assert wrong_tiles({**WHOLE, (0, number): bytes(tile)}) == [(0, number)]


def test_a_full_tile_that_nothing_stands_above_is_wrong() -> None:
    """Neither a tile above it that was taken away, nor one that was cut, hides it."""
    without = {tile: hashes for tile, hashes in WHOLE.items() if tile != (2, 0)}
    assert wrong_tiles(without) == [(1, 0)]
    cut = {**WHOLE, (1, 1): WHOLE[1, 1][:HASH_BYTES]}
    assert wrong_tiles(cut) == [(0, WIDTH + 1), (0, WIDTH + 2)]
