"""Somebody has looked into what the sealer found, and says what it was."""

from dataclasses import replace
from datetime import UTC, datetime

from support.sealing import TOPIC, World

from muniment.producers.sealing.own_tree import OwnTree
from muniment.producers.sealing.proving import Proofs
from muniment.producers.sealing.store import Finding, SealingStore

NOW = datetime(2026, 11, 23, tzinfo=UTC)


async def test_a_finding_that_is_acknowledged_alerts_no_more_and_stays(world: World) -> None:
    """With who says so and why; found again it is the same one, until it reaches further than it did."""
    await world.write(*[b"%d" % number for number in range(3)])
    await world.seal()
    await world.replace([b"0", b"X", b"2"])
    await world.seal()
    store = SealingStore(world.pool, lambda: NOW)
    place = (TOPIC, 0, 1)
    assert await store.counts() == (1, 0)
    assert await store.acknowledge(place, kind="forged", actor="cli:ann", reason="a drill") == []
    (ended,) = await store.acknowledge(place, kind="", actor="cli:ann", reason="a drill")
    assert (ended.kind, ended.first_offset, ended.next_offset) == ("changed", 1, 2)
    assert await store.acknowledge(place, kind="", actor="cli:bob", reason="another") == []
    await world.seal()
    assert await store.counts() == (0, 0)
    (row,) = await Proofs(world.pool).findings()
    assert (row["kind"], row["acknowledged_at"], row["acknowledged_by"], row["reason"]) == (
        "changed",
        NOW,
        "cli:ann",
        "a drill",
    )
    log = await store.open(TOPIC, 0)
    assert not await store.find(log, ended)
    assert await store.find(log, replace(ended, next_offset=3, detail="and the next"))
    assert await store.counts() == (1, 0)
    (row,) = await Proofs(world.pool).findings()
    assert (row["next_offset"], row["detail"], row["acknowledged_by"]) == (3, "and the next", None)


async def test_what_halts_a_partition_halts_it_still_when_it_is_acknowledged(world: World) -> None:
    """To have looked into it heals nothing."""
    await world.write(b"0")
    await world.seal()
    store = SealingStore(world.pool, lambda: NOW)
    log = await store.open(TOPIC, 0)
    await store.find(log, Finding("contradicted", 0, 1, "another tree"))
    await store.halt(log, "another tree")
    await store.acknowledge((TOPIC, 0, 0), kind="contradicted", actor="cli:ann", reason="known")
    assert await store.counts() == (0, 1)


async def test_what_has_no_place_on_the_log_alerts_again_only_for_something_else(world: World) -> None:
    """However far the log has grown; and it hides nothing that is found at the beginning of the log."""
    await world.write(b"1", b"2")
    await world.seal()
    await world.pool.execute("update muniment_sealing.checkpoints set note = 'none of ours'")
    await world.seal()
    store = SealingStore(world.pool, lambda: NOW)
    (ended,) = await store.acknowledge((TOPIC, 0, 0), kind="", actor="cli:ann", reason="a drill")
    log = await store.open(TOPIC, 0)
    await world.pool.execute("update muniment_sealing.logs set next_offset = next_offset + 1000")
    (again,) = await OwnTree(world.pool).upwards(log.log_id)
    assert again == ended
    assert not await store.find(log, again)
    assert await store.find(log, Finding("tree", 0, 256, "a leaf"))
    assert await store.find(log, replace(again, detail="a tile"))
    assert await store.counts() == (2, 0)
