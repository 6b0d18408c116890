"""What the trail adds to a request: a search of ten hits through its middleware, less the same answer without it.

The entry goes to a real file and from there to a log that confirms at once: the broker is not on the way of the answer.
"""

import asyncio
import json
from pathlib import Path
from time import perf_counter
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from starlette.types import Message, Receive, Scope, Send

from muniment.api.auditing.middleware import Auditing
from muniment.api.auditing.note import note
from muniment.infra.bench.figures import Figure, percentile
from muniment.producers.trail.trail import SpooledTrail
from muniment.schemas.record import Record

REQUESTS = 2000
HITS = 10
P50_MS = 2.0


class _Confirms:
    """A log that confirms at once."""

    async def send(self, record: Record) -> Record:
        return record


class _Keys:
    """A tenant's secret at hand, as it is after the tenant's first request."""

    async def tenant_key(self, tenant: str) -> bytes:
        return tenant.encode()


async def measured(folder: Path) -> list[Figure]:
    """What is added, in the median: the floor of the same run is taken off."""
    async with SpooledTrail(folder / "trail", _Confirms()) as trail:
        deps: Any = SimpleNamespace(trail=trail, key_ring=_Keys())
        with_it = await _took(Auditing(_answered, deps))
    without = percentile(await _took(_answered), 0.5)
    label = f"{REQUESTS} searches of {HITS} hits, the entry in its file before the answer begins"
    return [Figure("the trail, added to a search, p50", percentile(with_it, 0.5) - without, "ms", P50_MS, note=label)]


async def _took(app: Any) -> list[float]:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        del message

    took = []
    for _ in range(REQUESTS):
        scope: Scope = {
            "type": "http", "method": "GET", "path": "/v1/search", "query_string": b"q=leave", "headers": [],
            "client": ("203.0.113.7", 1), "path_params": {}, "route": SimpleNamespace(operation_id="search"),
        }  # fmt: skip
        began = perf_counter()
        await app(scope, receive, send)
        took.append((perf_counter() - began) * 1000)
        # As between any two requests: whoever brings entries to the log gets its turn.
        await asyncio.sleep(0)
    return took


_BODY = json.dumps({"hits": [{"document_id": str(uuid4()), "version": 1, "ordinal": n} for n in range(HITS)]}).encode()


async def _answered(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive
    note().asked_by("acme", "key:bench")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": _BODY, "more_body": False})
