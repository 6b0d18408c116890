"""Which models a process embeds with beside the live one, as operations change."""

import asyncio
from typing import Any

import pytest
from support.operations import MemoryOperations

from muniment.schemas.embedding_models import (
    EmbeddingsDropped,
    EmbeddingsSwitched,
    MigrationPaused,
    MigrationResumed,
    MigrationStarted,
)
from muniment.stream_apps.hosting.settings import HostSettings
from muniment.stream_apps.migrating import following as module
from muniment.stream_apps.migrating.following import Following

OTHER = "big#6"
STARTED = MigrationStarted(
    model=OTHER,
    served_as="big",
    dimensions=6,
    base_url="",
    query_prefix="",
    passage_prefix="",
    ask_dimensions=False,
    price_per_million_tokens=0.0,
    reason="why",
)


class Host:
    """Runs until it is cancelled, or told to crash; `running` holds the names of those that do."""

    running: set[str]
    crash: asyncio.Event

    def __init__(self, step: Any, work: Any, settings: HostSettings, *, name: str) -> None:
        del step, work
        self.name, self.concurrency = name, settings.concurrency

    async def run(self) -> None:
        Host.running.add(self.name)
        try:
            await Host.crash.wait()
            raise RuntimeError("crashed")
        finally:
            Host.running.discard(self.name)

    def state(self) -> dict[str, object]:
        return {"concurrency": self.concurrency}


class Named:
    """A step by its name."""

    name = "reembedding"


class Nothing:
    """Settles nothing."""

    def settle(self) -> None:
        """Is never called."""


@pytest.fixture
async def operations(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Operations that a `Following` follows."""
    monkeypatch.setattr(module, "ServiceHost", Host)
    monkeypatch.setattr(module, "ANEW_S", 0.0)
    Host.running, Host.crash = set(), asyncio.Event()
    said = MemoryOperations()
    step: Any = Named()
    settler: Any = Nothing()
    found = Following(said, "e5", lambda _: step, settler, HostSettings("nowhere", bulk_concurrency=3))
    running = asyncio.create_task(found.run())
    yield said
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert Host.running == set()


async def hosts(wanted: set[str]) -> None:
    """Return once exactly these hosts run."""
    async with asyncio.timeout(60):
        while Host.running != {f"reembedding-{name}" for name in wanted}:  # noqa: ASYNC110 - a set cannot be waited for
            await asyncio.sleep(0.005)


async def test_a_host_runs_for_each_model_that_needs_one(operations: MemoryOperations) -> None:
    """From the start of a migration to its drop, but not while it is paused; for the first model after a switch."""
    await hosts(set())
    await operations.say(STARTED)
    await hosts({OTHER})
    await operations.say(MigrationPaused(model=OTHER, reason="why"))
    await hosts(set())
    await operations.say(MigrationResumed(model=OTHER, reason="why"))
    await operations.say(EmbeddingsSwitched(model=OTHER, previous="e5", reason="why"))
    await hosts({OTHER, "e5"})
    await operations.say(EmbeddingsDropped(model="e5", reason="why"))
    await hosts({OTHER})


async def test_a_host_that_crashes_is_started_anew(operations: MemoryOperations) -> None:
    """A migration does not end because its consumer did."""
    await operations.say(STARTED)
    await hosts({OTHER})
    Host.crash.set()
    await hosts(set())
    Host.crash.clear()
    await hosts({OTHER})
