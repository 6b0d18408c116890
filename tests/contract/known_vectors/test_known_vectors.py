"""One suite for both kinds of known vectors: those in memory, and those that the search read model holds."""

import hashlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Protocol

import asyncpg
import numpy as np
import pytest
from support.known_vectors import MemoryKnownVectors

sys.path.insert(0, str(Path(__file__).parents[2] / "integration" / "projections"))

from projected_story import DIMENSIONS, MODEL, Log, ReadModel, Story, vector_of

from muniment.producers.embedding.vectors import pack_vectors
from muniment.projections.chunks import known_vectors as real
from muniment.projections.prepare import prepare
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.stream_apps.embedding.known import KnownVectors


class Filled(Protocol):
    """Known vectors, and a way to come to know one: by `embedding` a text for a tenant, under `MODEL`."""

    port: KnownVectors

    async def embed(self, tenant: str, *texts: str) -> None: ...


class InMemory:
    """The fake."""

    def __init__(self) -> None:
        self.port = MemoryKnownVectors()

    async def embed(self, tenant: str, *texts: str) -> None:
        for text in texts:
            self.port.add(tenant, MODEL, hash_of(text), vector_of(text))


class InPostgres:
    """The real one: documents that were taken in, folded by the projections."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self.port = real.KnownVectors(pool)
        self.log = Log()
        self.model = ReadModel(pool, self.log)

    async def embed(self, tenant: str, *texts: str) -> None:
        await Story(self.log, texts, tenant=tenant).tell()
        await self.model.catch_up()


@pytest.fixture
async def pool(database_url: str) -> "AsyncIterator[asyncpg.Pool[asyncpg.Record]]":
    """A database with its read models."""
    await prepare(database_url, DIMENSIONS)
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as made:
        yield made


@pytest.fixture(params=["memory", "postgres"])
def filled(request: pytest.FixtureRequest) -> Filled:
    """What is under test."""
    return InMemory() if request.param == "memory" else InPostgres(request.getfixturevalue("pool"))


def hash_of(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


async def test_what_was_embedded_is_known(filled: Filled) -> None:
    """By its hash, as float16, as it went to the log; what was not is missing from the answer."""
    await filled.embed("acme", "one", "two")
    found = await filled.port.find("acme", MODEL, [hash_of("two"), hash_of("one"), hash_of("three")])
    assert set(found) == {hash_of("one"), hash_of("two")}
    for text in ("one", "two"):
        assert found[hash_of(text)].dtype == np.float16
        assert pack_vectors(found[hash_of(text)][None].astype(np.float32)) == pack_vectors(vector_of(text)[None])


async def test_a_text_of_several_documents_is_known_once(filled: Filled) -> None:
    """Asked for twice in one batch, too."""
    await filled.embed("acme", "same", "same")
    await filled.embed("acme", "same")
    assert list(await filled.port.find("acme", MODEL, [hash_of("same"), hash_of("same")])) == [hash_of("same")]


async def test_nothing_is_asked_for(filled: Filled) -> None:
    """An empty batch has an empty answer."""
    assert await filled.port.find("acme", MODEL, []) == {}


async def test_another_tenant_or_model_knows_nothing(filled: Filled) -> None:
    """Whether a text was embedded before is nobody else's to see."""
    await filled.embed("acme", "one")
    assert await filled.port.find("other", MODEL, [hash_of("one")]) == {}
    assert await filled.port.find("acme", "another model", [hash_of("one")]) == {}


async def test_what_was_deleted_is_not_known(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    """The real one alone: a deletion takes the vectors, unless another document has the same text."""
    model = InPostgres(pool)
    gone, stays = Story(model.log, ("mine", "ours")), Story(model.log, ("ours",))
    for story in (gone, stays):
        await story.tell()
    await gone.delete()
    await model.model.catch_up()
    assert set(await model.port.find("acme", MODEL, [hash_of("mine"), hash_of("ours")])) == {hash_of("ours")}


async def test_an_absent_database_is_said(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    """The real one alone: callers wait for it, and do not embed everything again."""
    port = real.KnownVectors(pool)
    await pool.close()
    with pytest.raises(StepFailure) as failed:
        await port.find("acme", MODEL, [hash_of("one")])
    assert failed.value.code is ErrorCode.DATABASE_UNAVAILABLE


async def test_a_text_that_thousands_share_is_looked_up_once(pool: "asyncpg.Pool[asyncpg.Record]") -> None:
    """A licence at the foot of every document: one of its rows is read, and not all of them for every batch."""
    await pool.execute(
        "insert into chunks_v2.chunk_vectors select 'acme', gen_random_uuid(), 1, n, $1, $2, null"
        " from generate_series(1, 50) n",
        hash_of("licence"),
        MODEL,
    )
    vector = "[" + ",".join(map(str, vector_of("licence"))) + "]"
    await pool.execute(
        "insert into chunks_v2.chunk_vectors select 'acme', gen_random_uuid(), 1, n, $1, $2, $3::text::halfvec"
        " from generate_series(1, 3000) n",
        hash_of("licence"),
        MODEL,
        vector,
    )
    await pool.execute("analyze chunks_v2.chunk_vectors")
    assert list(await real.KnownVectors(pool).find("acme", MODEL, [hash_of("licence")])) == [hash_of("licence")]
    find = real.of_model(real._FIND, MODEL)
    explained = await pool.fetchval(f"explain (analyze, format json) {find}", "acme", MODEL, [hash_of("licence")])
    (plan,) = json.loads(explained)
    assert plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] < 20
