"""One log, and two signing-key files."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs
from support.sealing import TOPIC, World, utc_now

from muniment.producers.sealing.sealer import Sealer
from muniment.producers.sealing.store import OtherInstallation, SealingStore
from muniment.producers.signing import Signer
from muniment.schemas.proofs.checkpoints import parse_checkpoint
from muniment.schemas.proofs.notes import parse_note


async def test_a_host_with_a_signing_key_file_of_its_own_signs_nothing(world: World, tmp_path: Path) -> None:
    """It says what to do, as often as it begins; once it has the file it goes on with the chain."""
    await world.write(b"one")
    await world.seal()
    before = await world.notes()
    await world.write(b"two")
    own, world.signer = world.signer, Signer(tmp_path / "other.json")
    for _ in range(2):
        with capture_logs() as logs:
            await world.seal(rounds=2)
        (told,) = [one["why"] for one in logs if one["event"] == "signing_refused"]
        assert f"put the file of {own.installation} at MUNIMENT_SIGNING_KEYS" in told
    assert await world.notes() == before
    assert await world.findings() == [("other_installation", 0, 1)]
    world.signer = own
    await world.seal()
    first, second = [parse_checkpoint(parse_note(note).text) for note in await world.notes()]
    assert (second.head.size, second.previous) == (2, first.digest)


@pytest.mark.parametrize("file", ["of another", "damaged"])
async def test_a_host_that_cannot_sign_lets_another_host_seal(world: World, tmp_path: Path, *, file: str) -> None:
    """It gives the partition up as soon as it has refused, and does not stand in the way of the other later on."""
    await world.write(b"one")
    await world.seal()
    await world.write(b"two")
    own, world.signer = world.signer, Signer(tmp_path / "other.json")
    refusing, sealing = [Sealer(lambda: None, world.tools, [TOPIC], every_s=0) for _ in range(2)]
    async with world.tools() as without, world.pool.acquire() as one, world.pool.acquire() as other:
        if file == "damaged":
            (tmp_path / "other.json").write_text("{}")
        await refusing.round(one, without)
        world.signer = own
        async with world.tools() as tools:
            await sealing.round(other, tools)
            assert len(await world.notes()) == 2
            await world.write(b"three")
            await refusing.round(one, without)
            await sealing.round(other, tools)
            assert len(await world.notes()) == 3


async def test_a_host_that_refused_goes_on_once_it_has_the_file(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tries again after a while, by itself."""
    await world.write(b"one")
    await world.seal()
    await world.write(b"two")
    theirs = (tmp_path / "signing.json").read_text()
    world.signer = Signer(tmp_path / "other.json")
    sealer = Sealer(lambda: None, world.tools, [TOPIC], every_s=0)
    async with world.tools() as tools, world.pool.acquire() as connection:
        await sealer.round(connection, tools)
        (tmp_path / "other.json").write_text(theirs)
        await sealer.round(connection, tools)
        assert len(await world.notes()) == 1, "not in every round"
        monkeypatch.setattr("muniment.producers.sealing.sealer.REFUSED_S", 0.0)
        await sealer.round(connection, tools)
    assert len(await world.notes()) == 2


async def test_a_store_refuses_to_sign_for_a_second_installation(world: World, tmp_path: Path) -> None:
    """What was not put outside by the first is not put there by the second, either."""
    await world.write(b"one")
    await world.seal()
    await world.write(b"two")
    await world.pool.execute("update muniment_sealing.checkpoints set outside_at = null")
    own, world.signer = world.signer, Signer(tmp_path / "other.json")
    await world.seal()
    store = SealingStore(world.pool, utc_now)
    with pytest.raises(OtherInstallation, match=own.installation):
        await store.sign(await store.open(TOPIC, 0), world.signer)
    assert len(await world.notes()) == 1
    assert list((world.outside / world.signer.installation).rglob("*.note")) == []
