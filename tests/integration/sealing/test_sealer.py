"""The sealer on a real broker and a real database."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from support.merkle import mth
from support.sealing import TOPIC, World

from muniment.producers.sealing.log_reader import LogReader
from muniment.schemas.proofs.checkpoints import Checkpoint, parse_checkpoint
from muniment.schemas.proofs.leaves import Gap, GapReason, LogRecord, encode
from muniment.schemas.proofs.merkle import EMPTY_ROOT, leaf_hash
from muniment.schemas.proofs.notes import parse_note, signer_of


async def leaves(world: World) -> list[LogRecord | Gap]:
    """What the log holds now."""
    async with LogReader(world.bootstrap, prefix=world.prefix) as reader:
        extent = (await reader.extents([TOPIC]))[TOPIC, 0]
        out, at = [], extent.start
        while at < extent.end:
            found, at = await reader.read((TOPIC, 0), at)
            out += found
        return out


async def checkpoints(world: World) -> list[Checkpoint]:
    return [parse_checkpoint(parse_note(note).text) for note in await world.notes()]


async def test_what_is_on_the_log_is_in_the_tree_and_signed(world: World) -> None:
    """Records with and without key or value, of transactions ended either way, and their markers as gaps."""
    await world.write(b"one", None, b"")
    await world.write(b"two", b"three", transactional_id=f"{world.prefix}a")
    await world.write(b"four", transactional_id=f"{world.prefix}a", abort=True)
    await world.seal()
    there = await leaves(world)
    assert [leaf.value if isinstance(leaf, LogRecord) else leaf.reason for leaf in there] == [
        b"one",
        None,
        b"",
        b"two",
        b"three",
        GapReason.CONTROL,
        b"four",
        GapReason.CONTROL,
    ]
    (only,) = await checkpoints(world)
    assert only.head.root == mth([leaf_hash(encode(leaf)) for leaf in there])
    assert (only.head.size, only.next_offset, only.previous) == (8, 8, None)
    assert only.log == (TOPIC, 0)
    assert signer_of(parse_note((await world.notes())[0]), world.signer.public_keys()) is not None
    assert await world.findings() == []
    assert len(list(world.outside.rglob("*.note"))) == len(list(world.outside.rglob("*.vkey"))) == 1


async def test_checkpoints_are_chained_and_said_on_the_log_once(world: World) -> None:
    """Each names the one before; a round without news signs nothing; a rotated key goes on with the chain."""
    for value in (b"one", b"two", b"three"):
        await world.write(value)
        await world.seal(rounds=2)
        world.signer.rotate()
    found = await checkpoints(world)
    assert [one.head.size for one in found] == [1, 2, 3]
    assert [one.previous for one in found] == [None, found[0].digest, found[1].digest]
    positions = await world.pool.fetch("select position from muniment_sealing.checkpoints order by size")
    assert [row["position"].rsplit(":", 1)[1] for row in positions] == ["0", "1", "2"]
    assert await world.findings() == []


async def test_records_that_retention_took_are_a_gap_and_told_apart(world: World) -> None:
    """Before they were sealed or after; on a topic that is kept for ever it is reported."""
    await world.write(*[b"%d" % number for number in range(6)])
    await world.drop_before(2)
    await world.seal()
    there = await leaves(world)
    gap = Gap(TOPIC, 0, 0, 2, GapReason.RETENTION)
    assert (await checkpoints(world))[0].head.root == mth([leaf_hash(encode(leaf)) for leaf in [gap, *there]])
    await world.drop_before(4)
    await world.write(b"more")
    await world.seal()
    assert [one.head.size for one in await checkpoints(world)] == [5, 6]
    assert await world.findings() == [("cut_short", 0, 2)]


async def test_a_record_changed_on_the_broker_is_found_and_named(world: World) -> None:
    """The offset, and that it is another record now; whatever else is as it was is not named."""
    await world.write(*[b"%d" % number for number in range(5)])
    await world.seal()
    await world.replace([b"0", b"1", b"X", b"3", b"4"])
    await world.seal()
    assert await world.findings() == [("changed", 2, 3)]
    await world.seal()
    assert await world.findings() == [("changed", 2, 3)]


async def test_a_log_that_was_cut_off_is_found_and_not_sealed_on(world: World) -> None:
    """Fewer records than were sealed, in two rounds running, and then others in their place."""
    await world.write(b"one", b"two", b"three")
    await world.seal()
    await world.replace([b"one"])
    await world.seal()
    assert await world.findings() == []
    await world.seal(rounds=2)
    assert await world.findings() == [("cut_off", 1, 3)]
    await world.write(b"other", b"three", b"four")
    await world.seal()
    assert await world.findings() == [("changed", 1, 2), ("cut_off", 1, 3), ("changed", 2, 3)]


async def test_after_a_loss_of_the_tables_the_same_log_gives_the_same_checkpoints(world: World) -> None:
    """What was signed is read back from the log, and nothing is signed a second time."""
    for value in (b"one", b"two"):
        await world.write(value)
        await world.seal()
    before = await world.notes()
    await world.forget()
    await world.seal()
    assert await world.findings() == []
    assert await world.notes() == before
    await world.write(b"three")
    await world.seal()
    found = await checkpoints(world)
    assert [one.head.size for one in found] == [1, 2, 3]
    assert found[2].previous == found[1].digest


async def test_no_other_tree_of_a_size_that_was_signed_is_ever_signed(world: World) -> None:
    """With the tables lost and the log changed, the sealer stops and says so, however often it is started."""
    await world.write(b"one", b"two")
    await world.seal()
    before = await world.notes()
    await world.forget()
    await world.replace([b"one", b"other", b"three"])
    for _ in range(2):
        await world.seal()
    assert await world.notes() == before
    assert [kind for kind, *_ in await world.findings()] == ["contradicted"]
    assert "not those that were signed" in await world.pool.fetchval("select halted from muniment_sealing.logs")


async def test_a_signed_size_that_the_log_no_longer_reaches_is_found(world: World) -> None:
    """With the tables lost and the log shortened nothing is signed below what was signed before."""
    await world.write(b"one", b"two")
    await world.seal()
    before = await world.notes()
    await world.forget()
    await world.replace([b"one"])
    await world.seal()
    assert await world.notes() == before
    assert [kind for kind, *_ in await world.findings()] == ["cut_off"]


async def test_whoever_goes_on_after_a_kill_signs_the_same_tree(world: World) -> None:
    """Ended between any two writes to the database, the next one takes it up; the tree is that of one go."""
    for number in range(24):
        world.records_max = 1 + number % 3
        await world.write(b"%d" % number, transactional_id=f"{world.prefix}a" if number % 2 else None)
        sealing = asyncio.create_task(world.seal())
        await asyncio.sleep(0.007 * number)
        sealing.cancel()
        await asyncio.gather(sealing, return_exceptions=True)
    await world.seal()
    there = await leaves(world)
    hashes = [leaf_hash(encode(leaf)) for leaf in there]
    found = await checkpoints(world)
    assert found[-1].head.size == len(there)
    for one in found:
        assert one.head.root == mth(hashes[: one.head.size]) != EMPTY_ROOT
    assert [one.previous for one in found[1:]] == [one.digest for one in found[:-1]]
    assert await world.findings() == []


async def test_two_sealers_at_once_do_not_disturb_each_other(world: World) -> None:
    """Each partition is one sealer's; whoever comes second has nothing to do."""
    for value in (b"one", b"two", b"three"):
        await world.write(value)
        await asyncio.gather(*(world.seal(rounds=2) for _ in range(3)))
    assert [one.head.size for one in await checkpoints(world)] == [1, 2, 3]
    assert await world.findings() == []


def outside(world: World, size: int) -> Path:
    """Where the checkpoint of so many leaves lies outside."""
    return world.outside / world.signer.installation / TOPIC / "0" / f"{size:020d}.note"


async def halted(world: World) -> str | None:
    why: str | None = await world.pool.fetchval("select halted from muniment_sealing.logs")
    return why


async def test_another_checkpoint_outside_halts_the_partition(world: World) -> None:
    """Somebody who restored an old copy of everything here cannot go on with what lies elsewhere denying it."""
    await world.write(b"one")
    name = outside(world, 1)
    name.parent.mkdir(parents=True)
    name.write_text("another note of this size")
    await world.seal()
    assert await world.findings() == [("contradicted", 1, 2), ("forged", 1, 2)]
    assert name.read_text() == "another note of this size"
    assert "no checkpoint that can be read" in str(await halted(world))
    await world.write(b"two")
    await world.seal(rounds=2)
    assert [one.head.size for one in await checkpoints(world)] == [1]
    assert await world.pool.fetchval("select count(outside_at) from muniment_sealing.checkpoints") == 0


async def test_a_log_rewritten_with_its_checkpoints_is_denied_by_what_lies_outside(world: World) -> None:
    """With the tables and the topic of checkpoints lost nobody here knows better, but the root elsewhere does."""
    await world.write(b"one")
    await world.seal()
    kept = outside(world, 1).read_bytes()
    await world.replace_checkpoints()
    await world.forget()
    await world.replace([b"other"])
    await world.seal()
    assert await world.findings() == [("contradicted", 0, 1), ("taken_out", 1, 2)]
    assert "not those that were signed" in str(await halted(world))
    await world.write(b"two")
    await world.seal()
    assert [one.head.size for one in await checkpoints(world)] == [1]
    assert outside(world, 1).read_bytes() == kept


async def test_what_lies_outside_is_taken_in_again_and_binds(world: World) -> None:
    """With the tables and the topic of checkpoints lost that is found, nothing is signed twice, and sealing goes on."""
    await world.write(b"one")
    await world.seal()
    kept = outside(world, 1).read_bytes()
    await world.replace_checkpoints()
    await world.forget()
    world.ahead = timedelta(hours=1)
    await world.seal()
    (again,) = await world.notes()
    assert again.encode() == kept == outside(world, 1).read_bytes()
    await world.write(b"two")
    await world.seal()
    assert (await world.findings(), await halted(world)) == ([("taken_out", 1, 2)], None)
    assert outside(world, 2).exists()


async def test_a_leaf_is_the_same_however_it_is_read(world: World) -> None:
    """From its beginning or from the middle of a batch, and nothing of it is lost on the way."""
    await world.write(b"one", None, b"three")
    there = await leaves(world)
    first = there[0]
    assert isinstance(first, LogRecord)
    assert first == replace(
        first, key=b"key", value=b"one", headers=(("n", b"0"), ("empty", b"")), timestamp_ms=world.moment_ms
    )
    async with LogReader(world.bootstrap, prefix=world.prefix) as reader:
        for offset, leaf in enumerate(there):
            assert (await reader.read((TOPIC, 0), offset))[0] == there[offset:]
            assert leaf.offset == offset
        assert await reader.read((TOPIC, 0), 3) == ([], 3)
        assert await reader.read((TOPIC, 0), 99) == ([], 99)
