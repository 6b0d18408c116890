"""Proofs from what was sealed, of every position."""

import pytest
from support.sealing import TOPIC, World

from muniment.producers.sealing.log_reader import LogReader
from muniment.producers.sealing.proving import NotSealed, Proofs
from muniment.schemas.proofs.checkpoints import parse_checkpoint
from muniment.schemas.proofs.leaves import encode
from muniment.schemas.proofs.merkle import is_consistent, is_included, leaf_hash
from muniment.schemas.proofs.notes import parse_note
from muniment.schemas.record import Position


@pytest.fixture
async def sealed(world: World) -> Proofs:
    """A log with a beginning that retention took, two transactions, and three checkpoints."""
    await world.write(b"0", b"1", b"2", b"3")
    await world.drop_before(2)
    await world.seal()
    await world.write(b"4", b"5", transactional_id=f"{world.prefix}a")
    await world.seal()
    await world.write(b"7", transactional_id=f"{world.prefix}a")
    await world.write(b"9")
    await world.seal()
    return Proofs(world.pool)


async def test_every_position_is_proved(world: World, sealed: Proofs) -> None:
    """Records and gaps, in the newest checkpoint and in every one that has them already."""
    async with LogReader(world.bootstrap, prefix=world.prefix) as reader:
        leaves, _ = await reader.read((TOPIC, 0), 2)
    hashes = {leaf.offset: leaf_hash(encode(leaf)) for leaf in leaves}
    heads = [parse_checkpoint(parse_note(note).text) for note in await world.notes()]
    assert [(one.head.size, one.next_offset) for one in heads] == [(3, 4), (6, 7), (9, 10)]
    for offset in range(10):
        for checkpoint in heads:
            place, size = Position(TOPIC, 0, offset), checkpoint.head.size
            if offset >= checkpoint.next_offset:
                with pytest.raises(NotSealed, match="not sealed yet"):
                    await sealed.inclusion(place, size=size)
                continue
            proof = await sealed.inclusion(place, size=size)
            assert proof.leaf_hash == hashes.get(offset, proof.leaf_hash)
            assert is_included(proof.leaf_index, size, proof.leaf_hash, proof.path, checkpoint.head.root)
    gaps = [(await sealed.inclusion(Position(TOPIC, 0, offset))).gap for offset in range(10)]
    assert gaps == ["retention", "retention", None, None, None, None, "control", None, "control", None]
    first = await sealed.inclusion(Position(TOPIC, 0, 1))
    assert (first.leaf_index, first.first_offset, first.next_offset) == (0, 0, 2)
    assert (await sealed.first_with(Position(TOPIC, 0, 5))).size == 6


async def test_every_checkpoint_is_proved_to_begin_every_later_one(world: World, sealed: Proofs) -> None:
    """And not the other way round; a size that nobody signed is refused."""
    heads = [parse_checkpoint(parse_note(note).text).head for note in await world.notes()]
    for number, old in enumerate(heads):
        for new in heads[number:]:
            proof = await sealed.consistency(TOPIC, 0, old.size, new.size)
            assert is_consistent(old, new, proof.path)
    with pytest.raises(ValueError, match="nothing proves"):
        await sealed.consistency(TOPIC, 0, 9, 3)
    with pytest.raises(NotSealed, match=r"0 has no checkpoint of 4 leaves: .muniment audit checkpoints .*:0. lists"):
        await sealed.consistency(TOPIC, 0, 4, 9)
    with pytest.raises(NotSealed, match=r"nothing of .*:7 was sealed"):
        await sealed.inclusion(Position(TOPIC, 7, 0))
    with pytest.raises(NotSealed, match=r"muniment.jobs is no topic that is; those are .*muniment.documents"):
        await sealed.inclusion(Position("muniment.jobs", 0, 0))


async def test_every_partition_says_how_far_it_is_sealed(world: World, sealed: Proofs) -> None:
    """Leaves, offsets, the newest checkpoint, what was put elsewhere last, and whether it is halted."""
    [log] = await sealed.logs()
    assert (log["topic"], log["partition"], log["size"], log["next_offset"]) == (TOPIC, 0, 9, 10)
    assert (log["signed_size"], log["outside_size"], log["halted"]) == (9, 9, None)
    await world.pool.execute("update muniment_sealing.checkpoints set outside_at = null where size > 6")
    await world.pool.execute("update muniment_sealing.logs set halted = 'why'")
    [log] = await sealed.logs()
    assert (log["outside_size"], log["halted"]) == (6, "why")
    assert log["outside_at"] is not None
