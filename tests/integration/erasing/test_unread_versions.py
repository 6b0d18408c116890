"""Versions of read models that nobody reads are emptied by the store, whatever becomes of them just then."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from support.erasing_house import TENANT, House
from support.until import PATIENCE_S

from muniment.projections import checkpoint, live
from muniment.projections.registry import projection
from muniment.schemas.errors import StepFailure
from muniment.stream_apps.erasing import unread
from muniment.stream_apps.erasing.read_models import ReadModelStore
from muniment.stream_apps.erasing.stores import Forgotten

SCHEMA, PLACE = "predictions_v1_partial", ("muniment.predictions", 0)
_WAITS = "select exists (select from pg_locks l where not l.granted and l.relation = $1::regclass)"


def forgotten(document: UUID) -> Forgotten:
    """The erasure of one document."""
    return Forgotten(TENANT, [document], datetime.now(UTC), None)


@asynccontextmanager
async def folding(house: House) -> AsyncIterator[Any]:
    """A replay in the middle of a batch: the connection holds the checkpoint that it goes on from."""
    connection = await house.connect()
    try:
        model = projection("predictions", 8)
        await live.create(connection, model, SCHEMA)
        await checkpoint.ensure(connection, SCHEMA, [PLACE])
        async with connection.transaction():
            await checkpoint.lock(connection, SCHEMA, [PLACE])
            yield connection
    finally:
        await connection.close()


async def phrase(connection: Any, document: UUID, version: int = 1) -> None:
    """A row of a version of the document."""
    await connection.execute(
        f"insert into {SCHEMA}.phrases values ($1, $2, $3, 't', 'quagga', 'Quagga', to_tsvector('simple', 'quagga'))",
        TENANT,
        document,
        version,
    )


async def erased_while(house: House, document: UUID, then: Callable[[Any], Awaitable[None]]) -> str:
    """Erase while a batch is under way, which ends with `then`; the note of the store."""
    async with folding(house) as connection:
        erasing = asyncio.create_task(ReadModelStore(house.pool, "predictions").erase(forgotten(document)))
        async with asyncio.timeout(PATIENCE_S):
            while not await house.pool.fetchval(_WAITS, f"{SCHEMA}.checkpoints"):
                assert not erasing.done(), "the store did not wait for what it cannot see"
                await asyncio.sleep(0.05)
        await then(connection)
    return (await erasing).note


async def left(house: House) -> int:
    """How many rows there are in the version beside the live one."""
    return int(await house.pool.fetchval(f"select count(*) from {SCHEMA}.phrases"))


async def test_what_a_replay_is_about_to_commit_goes_too(house: House) -> None:
    """The batch under way is waited for, and its rows of the document are removed; those of others stay."""
    document, other = uuid4(), uuid4()

    async def committed(connection: Any) -> None:
        await phrase(connection, document)
        await phrase(connection, other)

    note = await erased_while(house, document, committed)
    assert note.endswith("; 1 rows of versions that nobody reads")
    assert await house.pool.fetchval(f"select document_id from {SCHEMA}.phrases") == other
    assert await left(house) == 1


async def test_a_version_that_readers_were_led_to_meanwhile_is_left_alone(house: House) -> None:
    """It has folded the erasure itself by then, so what is there of the document belongs to a new life of it."""
    document = uuid4()

    async def switched(connection: Any) -> None:
        await phrase(connection, document)
        await connection.execute("update read.live set schema = $1 where projection = 'predictions'", SCHEMA)

    await erased_while(house, document, switched)
    assert await left(house) == 1


async def test_a_new_life_of_the_document_stays(house: House) -> None:
    """Its replay has come past the erasure, and folded what was submitted under the same id since."""
    document = uuid4()
    await house.pool.execute(
        "insert into muniment_deciding.state (tenant, document_id, state, version) values ($1, $2, $3, 1)",
        TENANT,
        document,
        json.dumps({"deleted": 2}),
    )

    async def committed(connection: Any) -> None:
        for version in (1, 2, 3):
            await phrase(connection, document, version)

    note = await erased_while(house, document, committed)
    assert note.endswith("; 2 rows of versions that nobody reads")
    assert await house.pool.fetchval(f"select version from {SCHEMA}.phrases") == 3
    assert await left(house) == 1


async def test_a_version_that_was_dropped_meanwhile_holds_nothing_up(house: House) -> None:
    """There is nothing left in it to remove."""

    async def dropped(connection: Any) -> None:
        await connection.execute(f"drop schema {SCHEMA} cascade")

    assert "nobody reads" not in await erased_while(house, uuid4(), dropped)


async def test_a_batch_that_takes_too_long_makes_the_store_try_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not say that all is gone, and succeeds once the batch is over."""
    monkeypatch.setattr(unread, "LOCK_WAIT", "100ms")
    document, store = uuid4(), ReadModelStore(house.pool, "predictions")
    async with folding(house) as connection:
        with pytest.raises(StepFailure, match="LockNotAvailable"):
            await store.erase(forgotten(document))
        await phrase(connection, document)
    await store.erase(forgotten(document))
    assert await left(house) == 0
