"""The embedding endpoint that floor and stack share: 20 ms and 0.2 ms an input, in a process of its own."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from muniment.infra.embedding_server.fixed import MODEL_NAME
from muniment.infra.stack import ports

START_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class FixedEndpoint:
    """Where it listens."""

    port: int
    model: str = MODEL_NAME

    @property
    def base_url(self) -> str:
        """For an OpenAI client."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def inputs(self) -> int:
        """How many texts it was asked for, by its own count."""
        async with httpx2.AsyncClient(trust_env=False) as client:
            found: dict[str, Any] = (await client.get(f"http://127.0.0.1:{self.port}/calls")).json()
        return int(found["inputs"])


@asynccontextmanager
async def served(dimensions: int) -> AsyncIterator[FixedEndpoint]:
    """Run one until the context is left. Raises `TimeoutError` when it does not come up."""
    endpoint = FixedEndpoint(ports.any_free())
    words = ["-m", "muniment.infra.embedding_server.fixed", f"--port={endpoint.port}", f"--dimensions={dimensions}"]
    process = await asyncio.create_subprocess_exec(sys.executable, *words)
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            while not await _answers(endpoint):  # noqa: ASYNC110 - in another process
                await asyncio.sleep(0.1)
        yield endpoint
    finally:
        process.terminate()
        await process.wait()


async def _answers(endpoint: FixedEndpoint) -> bool:
    try:
        await endpoint.inputs()
    except httpx2.TransportError:
        return False
    return True
