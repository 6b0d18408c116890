"""One suite for everything that wraps data keys: the local file, and AWS KMS's API as moto serves it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from support.ports import free_port

from muniment.producers import key_file
from muniment.producers.key_backup import NoBackup, OtherKeys, backup, restore
from muniment.producers.kms import KmsWrapping
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.producers.rewrapping import in_use, rewrap
from muniment.producers.wrapping import FileWrapping, MovingWrapping, Wrapping
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

FAKE = {"aws_access_key_id": "not-a-key", "aws_secret_access_key": "not-a-secret"}
SECRET = bytes(range(32))


@pytest.fixture(scope="module")
def kms_url() -> Iterator[str]:
    """moto's KMS."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    yield f"http://127.0.0.1:{port}"
    server.stop()


def kms(url: str, key: str | None = None) -> KmsWrapping:
    """A wrapping under a key of KMS, a new one when none is named."""
    import boto3

    if key is None:
        client = boto3.client("kms", endpoint_url=url, region_name="us-east-1", **FAKE)
        key = client.create_key()["KeyMetadata"]["KeyId"]
        client.close()
    return KmsWrapping(key, endpoint=url, region="us-east-1", **FAKE)


@pytest.fixture(params=["file", "kms"])
def wrapping(request: pytest.FixtureRequest, tmp_path: Path) -> Wrapping:
    """What is under test."""
    if request.param == "file":
        path = tmp_path / "ring.json"
        return FileWrapping(key_file.load(path), path)
    return kms(request.getfixturevalue("kms_url"))


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A few connections to a fresh database."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as made:
        yield made


async def test_what_is_wrapped_opens_again(wrapping: Wrapping) -> None:
    """Under the current key, and it says which that is; the secret is nowhere in what comes out."""
    kek_id, wrapped = await wrapping.wrap(SECRET, aad=b"acme/1")
    assert kek_id == await wrapping.current()
    assert SECRET not in wrapped
    assert await wrapping.unwrap(kek_id, wrapped, aad=b"acme/1") == SECRET


async def test_it_opens_in_its_own_place_only(wrapping: Wrapping) -> None:
    """Another place, other bytes, or a key that is unknown: `key_ring_unusable`, for which work waits."""
    kek_id, wrapped = await wrapping.wrap(SECRET, aad=b"acme/1")
    for tried in ((kek_id, wrapped, b"acme/2"), (kek_id, wrapped[:-1] + b"!", b"acme/1"), ("none", wrapped, b"acme/1")):
        with pytest.raises(StepFailure) as error:
            await wrapping.unwrap(tried[0], tried[1], aad=tried[2])
        assert error.value.code is ErrorCode.KEY_RING_UNUSABLE


async def test_a_kms_that_is_away_is_waited_for() -> None:
    """No answer is no destroyed key."""
    away = KmsWrapping("x", endpoint=f"http://127.0.0.1:{free_port()}", region="us-east-1", **FAKE)
    with pytest.raises(StepFailure) as error:
        await away.wrap(SECRET, aad=b"x")
    assert error.value.code is ErrorCode.KEY_RING_UNUSABLE


async def test_rotation_wraps_every_key_anew(pool: Any, tmp_path: Path) -> None:
    """Twice is once: afterwards nothing needs the old key, it can go, and every data key opens as before."""
    path = tmp_path / "ring.json"
    ring = PostgresKeyRing(pool, FileWrapping(key_file.load(path), path))
    keys = [await ring.create("acme", uuid4()) for _ in range(5)]
    tenant = await ring.tenant_key("acme")
    await ring.destroy("acme", uuid4())
    old = key_file.load(path).current
    new = key_file.rotate(path).current
    assert key_file.drop(path, await in_use(pool)) == []
    wrapping = FileWrapping(key_file.load(path), path)
    assert await rewrap(pool, wrapping) == 6
    assert await rewrap(pool, wrapping) == 0
    assert await in_use(pool) == {new}
    assert key_file.drop(path, await in_use(pool)) == [old]
    other = PostgresKeyRing(pool, FileWrapping(key_file.load(path), path))
    assert await other.find([key.key_id for key in keys]) == {key.key_id: key for key in keys}
    assert await other.tenant_key("acme") == tenant


async def test_a_rotation_during_a_rotation_is_followed_to_its_end(pool: Any, tmp_path: Path) -> None:
    """What was wrapped by the one before comes under the newest, too, and it ends: `keys rotate-kek` run twice."""
    path = tmp_path / "ring.json"
    ring = PostgresKeyRing(pool, FileWrapping(key_file.load(path), path))
    for _ in range(3):
        await ring.create("acme", uuid4())
    await ring.tenant_key("acme")
    key_file.rotate(path)
    newest = []

    def rotated_again(_: int) -> None:
        if not newest:
            newest.append(key_file.rotate(path).current)

    async with asyncio.timeout(20):
        await rewrap(pool, FileWrapping(key_file.load(path), path), rotated_again)
    assert await in_use(pool) == set(newest)


async def test_a_wrapping_that_never_comes_to_its_current_key_is_given_up(pool: Any, tmp_path: Path) -> None:
    """A key management that says one key and uses another (an alias gone astray) is told, not tried for ever."""
    path = tmp_path / "ring.json"
    held = FileWrapping(key_file.load(path), path)
    await PostgresKeyRing(pool, held).create("acme", uuid4())

    class Astray(FileWrapping):
        async def current(self) -> str:
            return "another"

    with pytest.raises(StepFailure, match="another is said to be current"):
        await asyncio.wait_for(rewrap(pool, Astray(key_file.load(path), path)), 20)


async def test_a_process_that_runs_follows_a_rotation(pool: Any, tmp_path: Path) -> None:
    """It wraps by the new key from then on, and opens what others have wrapped by it."""
    path = tmp_path / "ring.json"
    running = PostgresKeyRing(pool, FileWrapping(key_file.load(path), path))
    key = await running.create("acme", uuid4())
    new = key_file.rotate(path).current
    made = await running.create("acme", uuid4())
    assert await pool.fetchval("select kek_id from muniment_keys.data_keys where key_id = $1", made.key_id) == new
    await rewrap(pool, FileWrapping(key_file.load(path), path))
    again = PostgresKeyRing(pool, FileWrapping(key_file.load(path), path))
    assert set(await again.find([key.key_id, made.key_id])) == {key.key_id, made.key_id}


async def test_keys_move_from_the_file_to_kms(pool: Any, tmp_path: Path, kms_url: str) -> None:
    """Each row says who wraps it: what the file wrapped opens until it is wrapped anew."""
    local = FileWrapping(key_file.load(tmp_path / "ring.json"))
    key = await PostgresKeyRing(pool, local).create("acme", uuid4())
    for name in (kms(kms_url), kms(kms_url)):
        moving = MovingWrapping(name, local)
        assert await PostgresKeyRing(pool, moving).find([key.key_id]) == {key.key_id: key}
        assert await rewrap(pool, moving) == 1
        assert await in_use(pool) == {await name.current()}
        assert await PostgresKeyRing(pool, name).find([key.key_id]) == {key.key_id: key}


async def test_a_backup_brings_keys_back_but_none_that_was_destroyed(pool: Any, tmp_path: Path) -> None:
    """All is lost but the backup, the key file and the log: what was erased after the backup stays erased."""
    path = tmp_path / "ring.json"
    ring = PostgresKeyRing(pool, FileWrapping(key_file.load(path), path))
    kept, erased, renewed = uuid4(), uuid4(), uuid4()
    await ring.create("acme", renewed)
    await ring.destroy("acme", renewed)
    since = await pool.fetchval("select now()")
    keys = {document: await ring.create("acme", document) for document in (kept, erased, renewed)}
    assert await backup(pool, tmp_path / "keys.backup", "a passphrase") == 4
    assert oct((tmp_path / "keys.backup").stat().st_mode)[-3:] == "600"
    assert keys[kept].secret not in (tmp_path / "keys.backup").read_bytes()
    on_log = {("acme", erased): await pool.fetchval("select clock_timestamp()"), ("acme", renewed): since}
    await pool.execute("truncate muniment_keys.data_keys, muniment_keys.tenant_keys, muniment_keys.subjects")
    with pytest.raises(NoBackup):
        await restore(pool, tmp_path / "keys.backup", "another", on_log)
    done = await restore(pool, tmp_path / "keys.backup", "a passphrase", on_log)
    assert (done.keys, done.destroyed) == (2, 2)
    back = PostgresKeyRing(pool, FileWrapping(key_file.load(path), path))
    found = await back.find([key.key_id for key in keys.values()])
    assert found == {key.key_id: None if document == erased else key for document, key in keys.items()}
    assert await back.current("acme", erased) is None
    assert (await restore(pool, tmp_path / "keys.backup", "a passphrase", on_log)).keys == 0


async def test_a_key_that_an_old_dump_brought_back_is_destroyed_again(pool: Any, tmp_path: Path) -> None:
    """Whoever restores the database as it was before an erasure restores the keys after it: the log wins."""
    ring = PostgresKeyRing(pool, FileWrapping(key_file.load(tmp_path / "ring.json")))
    kept, erased = uuid4(), uuid4()
    keys = {document: await ring.create("acme", document) for document in (kept, erased)}
    await pool.execute(
        "insert into muniment_keys.subjects (tenant, subject, document_id, named_at) values ('acme', 's', $1, now())",
        erased,
    )
    await backup(pool, tmp_path / "keys.backup", "a passphrase")
    on_log = {("acme", erased): await pool.fetchval("select clock_timestamp()")}
    done = await restore(pool, tmp_path / "keys.backup", "a passphrase", on_log)
    assert (done.keys, done.destroyed) == (0, 1)
    back = PostgresKeyRing(pool, FileWrapping(key_file.load(tmp_path / "ring.json")))
    assert await back.find([key.key_id for key in keys.values()]) == {
        keys[kept].key_id: keys[kept],
        keys[erased].key_id: None,
    }
    assert await pool.fetchval("select count(*) from muniment_keys.subjects") == 0
    assert (await restore(pool, tmp_path / "keys.backup", "a passphrase", on_log)).destroyed == 0


@pytest.mark.parametrize("begun", ["tenant", "document"])
async def test_a_store_that_was_used_before_it_is_restored_is_refused(pool: Any, tmp_path: Path, begun: str) -> None:
    """One of two keys for the same thing would be lost without a word: nothing is changed instead."""
    ring = PostgresKeyRing(pool, FileWrapping(key_file.load(tmp_path / "ring.json")))
    document = uuid4()
    await ring.create("acme", document)
    await ring.tenant_key("acme")
    await backup(pool, tmp_path / "keys.backup", "a passphrase")
    await pool.execute("truncate muniment_keys.data_keys, muniment_keys.tenant_keys")
    used = PostgresKeyRing(pool, FileWrapping(key_file.load(tmp_path / "ring.json")))
    await (used.tenant_key("acme") if begun == "tenant" else used.create("acme", document))
    with pytest.raises(OtherKeys, match=f"another key for {begun}"):
        await restore(pool, tmp_path / "keys.backup", "a passphrase", {})
    held = "select (select count(*) from muniment_keys.data_keys) + (select count(*) from muniment_keys.tenant_keys)"
    assert await pool.fetchval(held) == 1


async def test_a_destroyed_key_is_out_of_use_elsewhere_at_once(pool: Any, tmp_path: Path) -> None:
    """Another process that had it in memory uses it no more after its next look, and is told once."""
    wrapping = FileWrapping(key_file.load(tmp_path / "ring.json"))
    here, there = PostgresKeyRing(pool, wrapping), PostgresKeyRing(pool, wrapping)
    document, told = uuid4(), []
    there.tell(lambda: told.append(1))
    key = await here.create("acme", document)
    assert await there.find([key.key_id]) == {key.key_id: key}
    await here.destroy("acme", document)
    await there.look()
    await there.look()
    assert await there.find([key.key_id]) == {key.key_id: None}
    assert await there.current("acme", document) is None
    assert told == [1]
