"""Whether a process may start with the key ring file that it finds, or finds not."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from muniment.infra.bootstrap import key_ring
from muniment.infra.not_set import NotSetError
from muniment.infra.settings import Settings
from muniment.producers.key_file import read
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A few connections to a fresh database."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as made:
        yield made


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Those of an installation in a folder of its own."""
    return Settings(home=tmp_path / "home")


async def test_the_first_start_makes_one_file(pool: Any, settings: Settings) -> None:
    """However many processes start together: they end with the same key, and each opens what another has made."""
    rings = await asyncio.gather(*(key_ring(settings, pool) for _ in range(6)))
    documents = [uuid4() for _ in rings]
    made = await asyncio.gather(*(r.create("acme", d) for r, d in zip(rings, documents, strict=True)))
    assert len(read(settings.key_ring_file).keys) == 1
    late = await key_ring(settings, pool)
    assert await late.find([one.key_id for one in made]) == {one.key_id: one for one in made}


@pytest.mark.parametrize("made", ["document", "tenant"])
async def test_a_file_that_is_not_there_is_not_made_anew(pool: Any, settings: Settings, made: str) -> None:
    """The volume is not mounted, or a second host has none: nothing starts, and it is said which key is missing."""
    ring = await key_ring(settings, pool)
    await (ring.create("acme", uuid4()) if made == "document" else ring.tenant_key("acme"))
    name = read(settings.key_ring_file).current
    kept = settings.key_ring_file.rename(settings.key_ring_file.with_name("elsewhere"))
    with pytest.raises(NotSetError, match=f"{settings.key_ring_file} is not there.*{name}.*MUNIMENT_KEY_RING"):
        await key_ring(settings, pool)
    assert not settings.key_ring_file.exists()
    kept.rename(settings.key_ring_file)
    await key_ring(settings, pool)


async def test_a_file_that_is_damaged_stops_the_start(pool: Any, settings: Settings) -> None:
    """It is neither replaced nor passed by."""
    await key_ring(settings, pool)
    settings.key_ring_file.write_text("{")
    with pytest.raises(StepFailure) as error:
        await key_ring(settings, pool)
    assert error.value.code is ErrorCode.KEY_RING_UNUSABLE


async def test_before_the_first_migration_a_process_starts(pool: Any, settings: Settings) -> None:
    """There is no key store yet, so nothing that only another file opens."""
    await pool.execute("drop schema muniment_keys cascade")
    await key_ring(settings, pool)
    assert settings.key_ring_file.exists()
