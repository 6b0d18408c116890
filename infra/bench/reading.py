"""How many reads of a document a second the API answers, beside a bare application with the same query.

Both are asked by the same callers in turn, over kept connections, while nothing else goes on. What the API does beside
the query: keys and scopes, the trail, ids and traces, metrics, a log line a request, problems instead of errors.
"""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import perf_counter
from urllib.parse import urlsplit

from muniment.infra.bench import bare
from muniment.infra.bench.figures import Figure, percentile
from muniment.infra.bench.floor_tables import TENANT
from muniment.infra.bench.ours import Ours
from muniment.infra.stack.ports import any_free

CALLERS = 16
ROUNDS, ROUND_S, WARM_S = 3, 5.0, 1.0
LEAST_SHARE, LEAST = 0.7, 1000.0
"""The API is fast enough at this share of the bare application, or at so many reads a second."""
P95_MS = 200.0
PATIENCE_S = 30.0
_IDS = "select document_id::text as id from read.active_versions where tenant = $1 limit 1000"


@dataclass
class Taken:
    """What came of reading for a while."""

    seconds: float = 0.0
    failed: int = 0
    took_ms: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Reads a second."""
        return len(self.took_ms) / self.seconds


async def measured(stack: Ours, database_url: str) -> list[Figure]:
    """Reads a second of both, their ratio, and the latency of the API's."""
    ids = [row["id"] for row in await stack.database.fetch(_IDS, TENANT)]
    key = stack.api.access.key
    async with served(database_url) as floor:
        addresses = {"ours": stack.api.access.url, "bare": floor}
        taken = {name: Taken() for name in addresses}
        for address in addresses.values():
            await read(address, key, ids, WARM_S, Taken())
        for _ in range(ROUNDS):
            for name, address in addresses.items():
                await read(address, key, ids, ROUND_S, taken[name])
    return figures(taken["ours"], taken["bare"])


def figures(ours: Taken, floor: Taken) -> list[Figure]:
    """The lines of the result."""
    share = ours.rate / floor.rate
    enough = max(share / LEAST_SHARE, ours.rate / LEAST)
    note = (
        f"{CALLERS} callers, {ROUNDS} rounds of {ROUND_S:g} s each in turn; {share:.0%} of the bare application, "
        f"which has neither keys, nor a trail, nor logs; 1 is {LEAST_SHARE:.0%} of it, or {LEAST:,.0f} reads/s"
    )
    return [
        Figure("document reads over HTTP", ours.rate, "reads/s"),
        Figure("document reads, bare FastAPI + asyncpg", floor.rate, "reads/s"),
        Figure("document reads, ours / wanted", enough, "", 1.0, at_least=True, note=note),
        Figure("document read, p95", percentile(ours.took_ms, 0.95), "ms", P95_MS),
        Figure("document reads that failed", ours.failed, "reads", 0),
    ]


async def read(address: str, key: str, ids: Sequence[str], seconds: float, taken: Taken) -> None:
    """Have all callers read one document after the other for a while."""
    where = urlsplit(address)
    until = perf_counter() + seconds

    async def caller() -> None:
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        while (began := perf_counter()) < until:
            chosen = random.choice(ids)  # noqa: S311 - which document is read is no secret
            head = f"GET /v1/documents/{chosen} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {key}\r\n\r\n"
            writer.write(head.encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            taken.took_ms.append((perf_counter() - began) * 1000)
            taken.failed += not answer.startswith(b"HTTP/1.1 200")
        writer.close()

    await asyncio.gather(*[caller() for _ in range(CALLERS)])
    taken.seconds += seconds


@asynccontextmanager
async def served(database_url: str) -> AsyncIterator[str]:
    """The bare application, in a process of its own; its address."""
    port = any_free()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", bare.__name__, str(port), TENANT, env={**os.environ, bare.ADDRESS: database_url}
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                with suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                await asyncio.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()
