"""Bytes that a killed process left without a claim are found and removed, and no others, on a real Postgres."""

import os
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from structlog.testing import capture_logs

from muniment.producers import stray_blobs
from muniment.producers.claims import Claims
from muniment.producers.clock import utc_now
from muniment.producers.local_blobs import LocalBlobs
from muniment.producers.stray_blobs import StrayBlobs

LATER = timedelta(days=1, minutes=1)


@pytest.fixture
def read_models(read_models_of: Callable[[int], str]) -> str:
    """The databases of these tests have every read model made."""
    return read_models_of(8)


@pytest.fixture
async def pool(read_models: str, database_url: str) -> AsyncIterator["asyncpg.Pool[Any]"]:
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


async def kept(claims: Claims, many: int = 20) -> set[tuple[str, str]]:
    """So many claimed blobs, as others would store them."""
    made = [await claims.put("acme", uuid4(), uuid4(), "original", pieces(b"claimed %d" % n)) for n in range(many)]
    return {("acme", blob.ref) for blob in made}


async def test_what_a_kill_left_goes_and_nothing_else(claims: Claims, pool: Any) -> None:
    """Once it is old; what somebody claims stays, and a claim of another tenant is no claim."""
    wanted = await kept(claims)
    await killed(claims, b"stray")
    await killed(claims, b"claimed 0", tenant="a.other")
    before = await left(claims)
    assert await sweep(pool, claims, timedelta(hours=23)).sweep() == 0
    assert await left(claims) == before
    assert await sweep(pool, claims).sweep() == 2
    assert await left(claims) == wanted


async def test_rounds_are_bounded_and_go_on_where_the_last_ended(
    claims: Claims, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are: some in each round, and from the beginning when all were seen."""
    monkeypatch.setattr(stray_blobs, "AT_ONCE", 15)
    monkeypatch.setattr(stray_blobs, "SHARE", 2)
    wanted = await kept(claims, 40)
    await killed(claims, b"one", b"two")
    sweeping = sweep(pool, claims)
    assert sum([await sweeping.sweep() for _ in range(3)]) == 2
    await killed(claims, b"three")
    assert sum([await sweeping.sweep() for _ in range(3)]) == 1
    assert await left(claims) == wanted


@pytest.mark.parametrize(("claimed", "strays"), [(0, 10), (0, 8), (0, 1), (8, 1), (30, 4)])
async def test_more_than_a_small_minority_is_left_alone(claims: Claims, pool: Any, claimed: int, strays: int) -> None:
    """However few they are, it is the claims that are missing: a database from an older backup takes no bytes."""
    await kept(claims, claimed)
    await killed(claims, *(b"stray %d" % n for n in range(strays)))
    before = await left(claims)
    assert await sweep(pool, claims).sweep() == 0
    assert await left(claims) == before


async def test_young_blobs_make_no_majority(claims: Claims, pool: Any) -> None:
    """What was stored since claims were lost says nothing of what was stored before."""
    old = await killed(claims, b"stray")
    await kept(claims)
    for path in (claims.blobs._root / "acme").rglob(old[0].removeprefix("sha256:")):  # type: ignore[attr-defined]
        os.utime(path, (0, 0))
    assert await sweep(pool, claims, timedelta()).sweep() == 0
    assert ("acme", old[0]) in await left(claims)


async def test_after_a_refused_round_the_rest_of_the_pass_goes_untouched(
    claims: Claims, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A round in which few claims are missing follows one in which all are; the next pass begins anew, and is told."""
    monkeypatch.setattr(stray_blobs, "AT_ONCE", 20)
    lost = await killed(claims, *(b"lost %d" % n for n in range(20)), tenant="a")
    wanted = await kept(claims, 19)
    await killed(claims, b"stray")
    before = await left(claims)
    sweeping = sweep(pool, claims)
    with capture_logs() as logs:
        assert [await sweeping.sweep() for _ in range(3)] == [0, 0, 0]
    assert await left(claims) == before
    assert [(line["blobs"], line["removed"]) for line in logs if line["log_level"] == "error"] == [(20, 0), (1, 0)]
    for ref in lost:
        await claims.blobs.delete("a", ref)
    assert await sweeping.sweep() + await sweeping.sweep() == 1
    assert await left(claims) == wanted


async def test_nothing_of_a_store_without_claims_goes_page_after_page(
    claims: Claims, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor at its end, where a few are left for a page of their own."""
    monkeypatch.setattr(stray_blobs, "AT_ONCE", 20)
    await killed(claims, *(b"wanted %d" % n for n in range(25)))
    before = await left(claims)
    sweeping = sweep(pool, claims)
    assert [await sweeping.sweep() for _ in range(4)] == [0, 0, 0, 0]
    assert await left(claims) == before


async def test_what_a_version_names_is_no_stray(claims: Claims, pool: Any) -> None:
    """Neither its original nor its text: the log knows of them, whatever became of their claims."""
    wanted = await kept(claims, 40)
    blob, text, _ = await killed(claims, b"original", b"text", b"stray")
    (same,) = await killed(claims, b"original", tenant="other")
    await pool.execute(
        "insert into read.versions (tenant, document_id, version, status, blob, text_blob) "
        "values ('acme', $1, 1, 'indexed', $2, $3)",
        uuid4(),
        blob,
        text,
    )
    assert same == blob
    assert await sweep(pool, claims).sweep() == 2
    assert await left(claims) == wanted | {("acme", blob), ("acme", text)}


async def test_without_the_read_model_nothing_goes(claims: Claims, pool: Any) -> None:
    """A database that is being built anew does not know yet what is wanted."""
    await kept(claims)
    await killed(claims, b"stray")
    before = await left(claims)
    await pool.execute("drop view read.versions cascade")
    with capture_logs() as logs:
        assert await sweep(pool, claims).sweep() == 0
    assert await left(claims) == before
    assert [line["event"] for line in logs] == ["blobs_without_claims"]


async def test_a_claim_that_comes_meanwhile_keeps_its_bytes(
    claims: Claims, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look for strays and the removal of one: it is looked again, under the lock of the content."""
    wanted = await kept(claims)
    (ref,) = await killed(claims, b"stray")
    drop = claims.drop_unclaimed

    async def claimed_first(tenant: str, ref: str) -> bool:
        await claims.put("acme", uuid4(), uuid4(), "original", pieces(b"stray"))
        return await drop(tenant, ref)

    monkeypatch.setattr(claims, "drop_unclaimed", claimed_first)
    assert await sweep(pool, claims).sweep() == 0
    assert await left(claims) == wanted | {("acme", ref)}
