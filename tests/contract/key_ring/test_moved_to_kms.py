"""A key management is set, and the key ring file of the time before it is missing, damaged, or comes back."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from muniment.infra.bootstrap import key_ring
from muniment.infra.settings import Settings
from muniment.infra.stack.keys_check import check_keys
from muniment.infra.wrapping import wrapping
from muniment.producers.key_file import read
from muniment.producers.lost_keys import bury_wrapped
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.producers.rewrapping import in_use, rewrap
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


@pytest.fixture
def kms_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """Where moto's KMS answers, and a key of it."""
    import boto3
    from moto.server import ThreadedMotoServer

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "not-a-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    made = boto3.client("kms", endpoint_url=url, region_name="us-east-1").create_key()
    yield url, made["KeyMetadata"]["KeyId"]
    server.stop()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A few connections to a fresh database."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as made:
        yield made


class House:
    """An installation that wrapped by its file at first, and by KMS now."""

    def __init__(self, home: Path, kms: tuple[str, str], database_url: str) -> None:
        self.before = Settings(home=home)
        self.now = Settings(
            home=home, kms_endpoint=kms[0], kms_key=kms[1], kms_region="us-east-1", database_url=database_url
        )
        self.file = self.before.key_ring_file

    async def used(self, pool: Any) -> tuple[str, Any]:
        """It has wrapped a document's key by its file; the id of the file's key, and that key."""
        old = await (await key_ring(self.before, pool)).create("acme", uuid4())
        return read(self.file).current, old


@pytest.fixture
def house(tmp_path: Path, kms_key: tuple[str, str], database_url: str) -> House:
    """One in a folder of its own."""
    return House(tmp_path / "home", kms_key, database_url)


@pytest.mark.parametrize("damage", ["missing", "damaged"])
async def test_what_kms_wraps_works_without_the_file(pool: Any, house: House, damage: str) -> None:
    """The start names what is missing; only what that had wrapped waits, by name, and opens once the file is back."""
    name, old = await house.used(pool)
    text = house.file.read_text()
    house.file.unlink()
    if damage == "damaged":
        house.file.write_text("{")
    with capture_logs() as lines:
        ring = await key_ring(house.now, pool)
    (told,) = [one for one in lines if one["log_level"] == "error"]
    assert (told["event"], told["keys"], told["file"]) == ("key_ring_file_needed", [name], str(house.file))
    assert f"muniment keys give-up --kek {name}" in told["what_to_do"]
    assert house.file.exists() == (damage == "damaged")

    new = await ring.create("acme", uuid4())
    assert await (await key_ring(house.now, pool)).find([new.key_id]) == {new.key_id: new}
    with pytest.raises(StepFailure) as error:
        await ring.find([old.key_id])
    assert error.value.code is ErrorCode.KEY_RING_UNUSABLE
    for said in (name, str(house.file), f"muniment keys give-up --kek {name}"):
        assert said in error.value.detail

    house.file.write_text(text)
    assert await ring.find([old.key_id]) == {old.key_id: old}


async def test_another_file_in_its_place_is_told_too(pool: Any, house: House) -> None:
    """One that has other keys opens nothing of what is needed; which key it lacks is named."""
    name, old = await house.used(pool)
    house.file.write_text(house.file.read_text().replace(name, "kek-other"))
    with capture_logs() as lines:
        ring = await key_ring(house.now, pool)
    assert [one["keys"] for one in lines if one["log_level"] == "error"] == [[name]]
    with pytest.raises(StepFailure, match=f"has no wrapping key {name}.*give-up --kek {name}"):
        await ring.find([old.key_id])


async def test_a_house_that_is_moved_needs_no_file(pool: Any, house: House) -> None:
    """Once everything is wrapped anew nothing is said of the file, and it may go."""
    name, old = await house.used(pool)
    assert await rewrap(pool, await wrapping(house.now, pool)) == 1
    assert name not in await in_use(pool)
    house.file.unlink()
    with capture_logs() as lines:
        ring = await key_ring(house.now, pool)
    assert lines == []
    assert await ring.find([old.key_id]) == {old.key_id: old}


async def test_moving_stops_by_name_and_what_is_given_up_reads_as_erased(pool: Any, house: House) -> None:
    """With the file lost for good, KMS has all that is left: a new start says nothing more."""
    name, old = await house.used(pool)
    house.file.unlink()
    with pytest.raises(StepFailure, match=name):
        await rewrap(pool, await wrapping(house.now, pool))
    await bury_wrapped(pool, name)
    with capture_logs() as lines:
        ring = await key_ring(house.now, pool)
    assert lines == []
    assert await ring.find([old.key_id]) == {old.key_id: None}
    assert await rewrap(pool, await wrapping(house.now, pool)) == 0


async def test_the_doctor_names_what_the_file_lacks(pool: Any, house: House) -> None:
    """With the command that says so, where it is lost for good; with the file there all is well."""
    name, _ = await house.used(pool)
    well = await check_keys(house.now)
    kept = house.file.rename(house.file.with_name("elsewhere"))
    missing = await check_keys(house.now)
    kept.rename(house.file)
    house.file.write_text("{")
    damaged = await check_keys(house.now)
    assert well.ok
    for one in (missing, damaged):
        assert not one.ok
        assert name in one.detail
        assert f"muniment keys give-up --kek {name}" in one.remedy


async def test_the_doctor_waits_for_the_database(house: House) -> None:
    """Where it is away, nobody can say which keys are needed."""
    away = house.now.model_copy(update={"database_url": None})
    assert not (await check_keys(away)).ok


async def test_a_tenant_of_the_time_before_waits_and_a_new_one_does_not(pool: Any, house: House) -> None:
    """Its secret was wrapped by the file: it is never replaced by another, under which no mark would be known again."""
    secret = await (await key_ring(house.before, pool)).tenant_key("acme")
    text = house.file.read_text()
    house.file.unlink()
    ring = PostgresKeyRing(pool, await wrapping(house.now, pool))
    with pytest.raises(StepFailure, match="give-up --kek"):
        await ring.tenant_key("acme")
    assert await ring.tenant_key("brief")
    house.file.write_text(text)
    assert await ring.tenant_key("acme") == secret
