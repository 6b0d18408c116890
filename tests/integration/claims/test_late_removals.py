"""Removals that the store has heard of when nobody waits for them any more, on a real Postgres and a real folder."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from muniment.producers.claims import Claims
from muniment.producers.local_blobs import LocalBlobs
from muniment.schemas.errors import StepFailure

TENANT = "acme"


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A few connections to a fresh database."""
    async with asyncpg.create_pool(database_url, min_size=2, max_size=6) as made:
        yield made


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    """A stream."""
    yield content


class OnTheWire(LocalBlobs):
    """A store that has been told to delete, and does so whoever stops waiting for it."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.sent, self.arrives = asyncio.Event(), asyncio.Event()
        self.under_way: list[asyncio.Task[bool]] = []

    async def delete(self, tenant: str, ref: str) -> bool:
        """Later, when it arrives."""
        self.under_way.append(asyncio.create_task(self._heard(tenant, ref)))
        return await asyncio.shield(self.under_way[-1])

    async def _heard(self, tenant: str, ref: str) -> bool:
        self.sent.set()
        await self.arrives.wait()
        return await super().delete(tenant, ref)


@pytest.mark.parametrize("removal", ["unclaimed", "last claim", "failed put"])
async def test_a_removal_that_is_cancelled_is_over_before_the_content_is_stored_anew(
    pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removal: str
) -> None:
    """The store has heard of it: its bytes must not go when they are somebody's again."""
    blobs = OnTheWire(tmp_path / "blobs")
    claims, document, job = Claims(pool, blobs), uuid4(), uuid4()
    if removal == "failed put":
        monkeypatch.setattr("muniment.producers.claims.GIVE_BACK_S", 0.1)
        place = LocalBlobs._place

        def broken(*given: Any) -> None:
            monkeypatch.setattr(LocalBlobs, "_place", place)
            place(*given)
            raise OSError

        monkeypatch.setattr(LocalBlobs, "_place", broken)
        removing: asyncio.Task[Any] = asyncio.create_task(
            claims.put(TENANT, document, job, "original", pieces(b"again"))
        )
    elif removal == "last claim":
        await claims.put(TENANT, document, job, "original", pieces(b"again"))
        removing = asyncio.create_task(claims.release(TENANT, document, [job]))
    else:
        stray = await blobs.put(TENANT, pieces(b"again"))
        removing = asyncio.create_task(claims.drop_unclaimed(TENANT, stray.ref))
    async with asyncio.timeout(20):
        await blobs.sent.wait()
        if removal != "failed put":
            removing.cancel()
        storing = asyncio.create_task(claims.put(TENANT, uuid4(), uuid4(), "original", pieces(b"again")))
        await asyncio.wait({storing}, timeout=0.5)
        blobs.arrives.set()
        with pytest.raises(StepFailure if removal == "failed put" else asyncio.CancelledError):
            await removing
        again = await storing
        assert await asyncio.gather(*blobs.under_way) == [True]
    assert b"".join([piece async for piece in blobs.open(TENANT, again.ref)]) == b"again"
