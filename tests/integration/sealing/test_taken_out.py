"""Checkpoints that are taken out, and records on their topic that somebody else has written."""

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from support.key_ring import MemoryKeyRing
from support.sealing import TOPIC, World

from muniment.producers.log_codec import LogCodec
from muniment.producers.sealing.sealer import Sealer
from muniment.producers.signing import Signer
from muniment.schemas.audit import HOUSE
from muniment.schemas.checkpoints import CheckpointSigned
from muniment.schemas.metadata import Metadata
from muniment.schemas.proofs.checkpoints import chain_breaks, parse_checkpoint
from muniment.schemas.proofs.notes import parse_note
from muniment.schemas.record import Record
from muniment.schemas.topics import AUDIT_CHECKPOINTS

_NEWEST = "delete from muniment_sealing.checkpoints where size = (select max(size) from muniment_sealing.checkpoints)"


async def two_signed(world: World) -> list[str]:
    """A log with two checkpoints; their notes."""
    for value in (b"one", b"two"):
        await world.write(value)
        await world.seal()
    return await world.notes()


async def test_the_newest_that_was_taken_out_is_found_at_the_start_and_taken_in_again(world: World) -> None:
    """Nothing in the chain tells of it, but its event lies on the log."""
    before = await two_signed(world)
    for path in world.outside.rglob("*2.note"):
        path.unlink()
    await world.pool.execute(_NEWEST)
    chain = [parse_checkpoint(parse_note(note).text) for note in reversed(await world.notes())]
    assert chain_breaks(chain, whole=True) == []
    await world.seal()
    assert await world.findings() == [("taken_out", 2, 3)]
    assert await world.notes() == before


@pytest.mark.parametrize("rest", ["tree", "no tree"])
async def test_what_only_the_place_outside_knows_is_found_and_taken_in_again(world: World, *, rest: str) -> None:
    """The topic of checkpoints gone, too; with the tree set back to what is left, or with the tree as it was."""
    before = await two_signed(world)
    await world.replace_checkpoints()
    if rest == "no tree":
        await world.pool.execute("truncate muniment_sealing.tiles, muniment_sealing.gaps")
        await world.pool.execute("update muniment_sealing.logs set size = 0, next_offset = 0")
    await world.pool.execute(_NEWEST)
    await world.seal()
    assert await world.findings() == [("taken_out", 2, 3)]
    assert await world.notes() == before
    await world.write(b"three")
    await world.seal()
    found = [parse_checkpoint(parse_note(note).text) for note in await world.notes()]
    assert [one.head.size for one in found] == [1, 2, 3]
    assert found[2].previous == found[1].digest


async def test_a_log_rewritten_behind_what_lies_outside_is_halted(world: World) -> None:
    """Another record, another tree, and the checkpoint of the first one taken out: the one outside denies it."""
    await two_signed(world)
    kept = sorted((world.outside / world.signer.installation / TOPIC / "0").iterdir())
    away = [(path, path.read_bytes()) for path in kept]
    for path in kept:
        path.unlink()
    await world.replace_checkpoints()
    await world.forget()
    await world.replace([b"one", b"other", b"three"])
    await world.seal()
    for path, content in away[1:]:
        path.write_bytes(content)
    await world.seal()
    assert await world.findings() == [("contradicted", 2, 3), ("taken_out", 2, 3)]
    assert "another tree" in str(await world.pool.fetchval("select halted from muniment_sealing.logs where size > 0"))


async def test_a_sealer_knows_what_it_has_signed(world: World) -> None:
    """Taken out under its hands, before it has news or with it: found in the next round, and never passed over."""
    sealer = Sealer(lambda: None, world.tools, [TOPIC], every_s=0)
    async with world.pool.acquire() as connection, world.tools() as tools:
        await world.write(b"one", b"two")
        await sealer.round(connection, tools)
        await world.pool.execute(_NEWEST)
        await sealer.round(connection, tools)
        assert await world.findings() == [("taken_out", 2, 3)]
        await sealer.round(connection, tools)
        await world.write(b"three")
        await sealer.round(connection, tools)
        await world.pool.execute(_NEWEST)
        await world.write(b"four")
        await sealer.round(connection, tools)
        assert await world.findings() == [("taken_out", 2, 3), ("taken_out", 3, 4)]
        await sealer.round(connection, tools)
        await sealer.round(connection, tools)
    assert [parse_checkpoint(parse_note(note).text).head.size for note in await world.notes()] == [2, 3, 4]


async def test_what_somebody_else_writes_to_the_topic_of_checkpoints_is_found(world: World, tmp_path: Path) -> None:
    """Junk, another's signature under our name, and our own note in an event that says something else."""
    await world.write(b"one")
    await world.seal()
    topic, codec = world.prefix + AUDIT_CHECKPOINTS.name, LogCodec(MemoryKeyRing())
    (note,) = await world.notes()
    row = await world.pool.fetchrow("select * from muniment_sealing.checkpoints")
    own = CheckpointSigned(
        log=f"{TOPIC}/0",
        size=1,
        root=row["root"].hex(),
        next_offset=1,
        signed_at=row["signed_at"],
        key_id=row["key_id"],
        note=note,
    )
    stranger = Signer(tmp_path / "stranger.json").sign_note(parse_note(note).text)
    text = f"{parse_note(note).text}\n— {stranger.key_id} {'A' * 91}=\n"
    meta = Metadata(uuid4(), HOUSE, uuid4(), uuid4(), row["signed_at"], "somebody")
    for forged in (replace(own, note=text), replace(own, size=2)):
        record = await codec.encode(forged, meta)
        await world.publisher.send(record.to(topic))
    for _ in range(2):
        await world.publisher.send(Record(topic, b"x", b"junk", ()))
    await world.publisher.send((await codec.encode(own, meta)).to(topic))
    for _ in range(2):
        await world.seal()
    assert await world.findings() == [("forged", 1, 2), ("forged", 2, 3), ("forged", 3, 5)]
    rows = await world.pool.fetch(
        "select l.topic, f.detail from muniment_sealing.findings f"
        " join muniment_sealing.logs l using (log_id) order by f.first_offset"
    )
    assert {row["topic"] for row in rows} == {AUDIT_CHECKPOINTS.name}
    assert "says something else" in rows[1]["detail"]
    assert await world.notes() == [note]
    running = asyncio.create_task(
        Sealer(lambda: asyncpg.connect(world.database_url), world.tools, [TOPIC], every_s=0.05).run()
    )
    try:
        await asyncio.sleep(0.5)
        await world.publisher.send(Record(topic, b"x", b"more", ()))
        async with asyncio.timeout(30):
            while ("forged", 6, 7) not in await world.findings():  # noqa: ASYNC110 - Postgres sets no event
                await asyncio.sleep(0.05)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_checkpoints_of_another_installation_are_told_apart(world: World) -> None:
    """They bind nobody here, and say whose they are: the wrong key file, most likely, or a stranger."""
    await world.write(b"one")
    await world.seal()
    await world.forget()
    own, world.signer = world.signer, Signer(world.outside / "other.json")
    await world.seal()
    assert ("other_installation", 0, 1) in await world.findings()
    told = await world.pool.fetchval("select detail from muniment_sealing.findings where kind = 'other_installation'")
    assert own.installation in told
