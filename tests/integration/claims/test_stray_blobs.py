"""Bytes that a killed process left without a claim are found and removed, and no others, on a real Postgres."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from muniment.producers import stray_blobs
from muniment.producers.claims import Claims
from muniment.producers.clock import utc_now
from muniment.producers.local_blobs import LocalBlobs
from muniment.producers.stray_blobs import StrayBlobs

LATER = timedelta(days=1, minutes=1)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A few connections to a fresh database."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as made:
        yield made


@pytest.fixture
def claims(pool: Any, tmp_path: Path) -> Claims:
    """Claims on an empty store."""
    return Claims(pool, LocalBlobs(tmp_path / "blobs"))


def sweep(pool: Any, claims: Claims, later: timedelta = LATER) -> StrayBlobs:
    """The sweep, some time from now."""
    return StrayBlobs(pool, claims, grace_s=60, now=lambda: utc_now() + later)


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    """A stream."""
    yield content


async def left(claims: Claims) -> set[tuple[str, str]]:
    """What is stored."""
    return {(one.tenant, one.ref) async for one in claims.blobs.stored("")}


async def killed(claims: Claims, *contents: bytes, tenant: str = "acme") -> list[str]:
    """Bytes in place whose claim was never committed; their references."""
    return [(await claims.blobs.put(tenant, pieces(content))).ref for content in contents]


async def test_what_a_kill_left_goes_and_nothing_else(claims: Claims, pool: Any) -> None:
    """Once it is old; what somebody claims stays, and a claim of another tenant is no claim."""
    kept = await claims.put("acme", uuid4(), uuid4(), "original", pieces(b"claimed"))
    await killed(claims, b"stray")
    await killed(claims, b"claimed", tenant="a.other")
    before = await left(claims)
    assert await sweep(pool, claims, timedelta(hours=23)).sweep() == 0
    assert await left(claims) == before
    assert await sweep(pool, claims).sweep() == 2
    assert await left(claims) == {("acme", kept.ref)}


async def test_rounds_are_bounded_and_go_on_where_the_last_ended(
    claims: Claims, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: some in each round, and from the beginning when all were seen."""
    monkeypatch.setattr(stray_blobs, "AT_ONCE", 3)
    for n in range(6):
        await claims.put("acme", uuid4(), uuid4(), "original", pieces(b"claimed %d" % n))
    await killed(claims, b"one", b"two")
    sweeping = sweep(pool, claims)
    assert sum([await sweeping.sweep() for _ in range(3)]) == 2
    await killed(claims, b"three")
    assert sum([await sweeping.sweep() for _ in range(3)]) == 1
    assert len(await left(claims)) == 6


async def test_many_at_once_are_left_alone(claims: Claims, pool: Any) -> None:
    """It is the claims that are missing then: a database from an older backup takes no bytes with it."""
    await killed(claims, *(b"stray %d" % n for n in range(stray_blobs.FEW + 1)))
    before = await left(claims)
    assert await sweep(pool, claims).sweep() == 0
    assert await left(claims) == before


async def test_a_claim_that_comes_meanwhile_keeps_its_bytes(
    claims: Claims, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look for strays and the removal of one: it is looked again, under the lock of the content."""
    (ref,) = await killed(claims, b"stray")
    drop = claims.drop_unclaimed

    async def claimed_first(tenant: str, ref: str) -> bool:
        await claims.put("acme", uuid4(), uuid4(), "original", pieces(b"stray"))
        return await drop(tenant, ref)

    monkeypatch.setattr(claims, "drop_unclaimed", claimed_first)
    assert await sweep(pool, claims).sweep() == 0
    assert await left(claims) == {("acme", ref)}
