"""Who changes a record may change the tables of the sealer with it: they do not lead up to what was signed then."""

import pytest
from support.sealing import TOPIC, World

from muniment.producers.sealing.log_reader import LogReader
from muniment.schemas.proofs.leaves import encode
from muniment.schemas.proofs.merkle import HASH_BYTES, leaf_hash

CHANGED = 2


async def put_leaf(world: World, digest: bytes) -> None:
    """Write a leaf's hash into its tile."""
    await world.pool.execute(
        "update muniment_sealing.tiles t set hashes = overlay(hashes placing $1 from $2) from muniment_sealing.logs l"
        " where l.log_id = t.log_id and l.topic = $3 and level = 0 and number = 0",
        digest,
        CHANGED * HASH_BYTES + 1,
        TOPIC,
    )


@pytest.mark.parametrize("records", [5, 300])
async def test_a_record_changed_with_its_leaf_is_found(world: World, *, records: int) -> None:
    """In a tile that is full, by the tile above it and by its offsets; in one that is not, by the root."""
    values = [b"%d" % number for number in range(records)]
    await world.write(*values)
    await world.seal()
    assert await world.findings() == []
    values[CHANGED] = b"X"
    await world.replace(values)
    async with LogReader(world.bootstrap, prefix=world.prefix) as reader:
        leaves, _ = await reader.read((TOPIC, 0), CHANGED)
    await put_leaf(world, leaf_hash(encode(next(leaf for leaf in leaves if leaf.offset == CHANGED))))
    await world.seal()
    assert await world.findings() == [("tree", 0, 256) if records == 300 else ("tree_above", 0, 1)]


async def test_a_record_taken_away_with_a_row_that_says_so_is_found(world: World) -> None:
    """The row is of the tables alone: what was sealed is a leaf of a record."""
    await world.write(*[b"%d" % number for number in range(5)])
    await world.seal()
    await world.pool.execute(
        "insert into muniment_sealing.gaps (log_id, leaf_index, first_offset, next_offset, reason)"
        " select log_id, 0, 0, 1, 'retention' from muniment_sealing.logs where topic = $1",
        TOPIC,
    )
    await world.drop_before(1)
    await world.seal()
    found = await world.findings()
    assert ("tree", 0, 1) in found


async def test_a_checkpoint_whose_note_was_written_over_is_found(world: World) -> None:
    """It can be read by nobody, and ends no sealer."""
    await world.write(b"1", b"2")
    await world.seal()
    await world.pool.execute("update muniment_sealing.checkpoints set note = 'none of ours'")
    await world.seal()
    assert ("tree_above", 0, 1) in await world.findings()
    notes = await world.notes()
    await world.write(b"3")
    await world.seal()
    assert await world.notes() == notes, "nothing is signed on top of it"
    assert {kind for kind, *_ in await world.findings()} == {"tree_above", "taken_out"}
