"""An instance of the API on a port of its own, read models fed by hand, and a WebSocket client."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
import uvicorn

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "projections"))

from instances import Instance, Slow, Vectors
from projected_story import DIMENSIONS, Log, ReadModel

from muniment.api.app import create_app
from muniment.api.caching.cache import TwoLayers
from muniment.api.caching.shared import PostgresShared
from muniment.api.channels.questions import PostgresQuestions
from muniment.api.dependencies import Dependencies
from muniment.api.key_store import PostgresKeyStore
from muniment.api.keys import Scope, create_key
from muniment.api.live_channel.answering import WrittenAnswers
from muniment.api.live_channel.postgres import PostgresPredicting
from muniment.api.live_channel.sessions import Sessions
from muniment.api.postgres_reads import PostgresReads
from muniment.api.project_reads.postgres import PostgresProjects
from muniment.api.settings import ApiSettings
from muniment.producers.budget import Allowance, PostgresBudget
from muniment.producers.key_file import KeyFile
from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.producers.trail.trail import SpooledTrail
from muniment.producers.writing.cost import Prices
from muniment.projections.waiting import Waiting
from muniment.schemas.record import Record


@pytest.fixture
def log() -> Log:
    """An empty log."""
    return Log()


@pytest.fixture
def read_models(read_models_of: Callable[[int], str]) -> str:
    """The databases of these tests have every read model made."""
    return read_models_of(DIMENSIONS)


@pytest.fixture
async def pool(read_models: str, database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool on a fresh database with every read model made."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=8) as made:
        yield made


@pytest.fixture
async def read_model(pool: asyncpg.Pool, log: Log) -> ReadModel:
    """All projections, fed from the log by hand."""
    return ReadModel(pool, log)


class _Entries:
    """A log that keeps what the trail sends."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    async def send(self, record: Record) -> Record:
        self.records.append(record)
        return replace(record, partition=0, offset=len(self.records))


@asynccontextmanager
async def served(pool: asyncpg.Pool, url: str, folder: Path, **settings: Any) -> AsyncIterator[Instance]:
    """An instance with these settings."""
    chosen, nothing = ApiSettings(**settings), cast("Any", None)
    writer, entries = Slow(), _Entries()
    ring = PostgresKeyRing(pool, KeyFile("one", {"one": bytes(32)}))
    async with AsyncExitStack() as stack:
        waiting = await stack.enter_async_context(Waiting(pool, url))
        cache = await stack.enter_async_context(TwoLayers(PostgresShared(pool)))
        live = await stack.enter_async_context(Sessions(chosen))
        trail = await stack.enter_async_context(SpooledTrail(folder, entries))
        waiting.tell(cache.moved)
        budget, prices = PostgresBudget(pool, Allowance()), Prices(Decimal(0), Decimal(0))
        dependencies = Dependencies(
            publisher=nothing,
            codec=nothing,
            key_ring=ring,
            claims=nothing,
            keys=PostgresKeyStore(pool),
            reads=PostgresReads(pool, waiting),
            embedder=Vectors(),
            settings=chosen,
            projects=PostgresProjects(pool),
            trail=trail,
            cache=cache,
            live=live,
            predicting=PostgresPredicting(pool),
            questions=PostgresQuestions(pool, ring),
            answerer=WrittenAnswers(writer, budget, prices, lambda: datetime.now(UTC), _ready),
        )
        app = create_app(dependencies)
        app.state.leaving = asyncio.Event()
        config = uvicorn.Config(app, port=0, log_config=None, lifespan="on", ws_per_message_deflate=False)
        server = uvicorn.Server(config)
        server.capture_signals = nullcontext  # type: ignore[method-assign]
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn tells by a flag only
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        keys = [
            await create_key(pool, tenant=tenant, name=tenant, scopes=[scope])
            for tenant, scope in (("acme", Scope.SEARCH), ("umbrella", Scope.SEARCH), ("acme", Scope.DOCUMENTS_READ))
        ]
        tokens = [key.token for key in keys]
        try:
            yield Instance(f"ws://127.0.0.1:{port}/v1/live", *tokens, app, writer, entries.records, live)
        finally:
            app.state.leaving.set()
            server.should_exit = True
            async with asyncio.timeout(60):
                await serving


async def _ready() -> None:
    pass


@pytest.fixture
async def instance(pool: asyncpg.Pool, database_url: str, tmp_path: Path) -> AsyncIterator[Instance]:
    """One instance that searches for nothing beforehand."""
    async with served(pool, database_url, tmp_path, live_prefetch=False) as made:
        yield made


@pytest.fixture
def serve(pool: asyncpg.Pool, database_url: str, tmp_path: Path) -> Any:
    """Makes instances with other settings."""
    numbers = iter(range(10))
    return lambda **settings: served(pool, database_url, tmp_path / str(next(numbers)), **settings)
