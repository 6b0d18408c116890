"""Processor time of a read of a document in the application: without sockets, and with Postgres and the log at once.

In one process, in turn: the whole API, the API without its trail, and the bare application of `bare`. On a machine that
has more to do than it has cores this says more than a rate does, though there, too, it grows with what others do.

`python -m muniment.infra.bench.reading_cpu` prints the three, in microseconds.
"""

import asyncio
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from time import process_time
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import uvloop

from muniment.api.app import create_app
from muniment.api.dependencies import Dependencies
from muniment.api.key_store import PostgresKeyStore
from muniment.api.keys import Scope, hash_secret, new_token, parse_token
from muniment.api.postgres_reads import PostgresReads
from muniment.infra import logs
from muniment.infra.bench import bare
from muniment.infra.bench.floor_tables import TENANT
from muniment.infra.serving import settle
from muniment.producers.trail.trail import SpooledTrail
from muniment.schemas.record import Record

CALLERS, READS, ROUNDS = 16, 1600, 9
_NOW = datetime.now(UTC)


class _Postgres:
    """Answers each statement with one row, after a turn of the loop."""

    def __init__(self, key_id: str, secret: str) -> None:
        self._key = {
            "key_id": key_id, "secret_hash": hash_secret(secret), "tenant": TENANT, "name": "bench",
            "scopes": [Scope.DOCUMENTS_READ], "created_at": _NOW, "expires_at": None, "revoked_at": None,
            "last_used_at": _NOW,
        }  # fmt: skip
        self._document = {
            "tenant": TENANT, "status": "indexed", "active_version": 1, "latest_version": 1, "deleted_up_to": 0,
            "title": "Leave", "file_name": "leave.md", "media_type": "text/markdown", "size_bytes": 1234,
            "metadata": '{"project": "handbook"}', "findings": "{}", "created_at": _NOW, "updated_at": _NOW,
            "latest_job_id": uuid4(), "latest_code": None, "latest_reason": None, "latest_chunks": 3,
        }  # fmt: skip

    async def fetchrow(self, query: str, *given: Any) -> dict[str, Any]:
        await asyncio.sleep(0)
        return self._key if "api_keys" in query else self._document | {"document_id": given[1]}

    async def execute(self, *_: Any) -> None:
        pass


class _Confirms:
    """A log that confirms at once."""

    async def send(self, record: Record) -> Record:
        return record


class _Keys:
    """A tenant's secret at hand."""

    async def tenant_key(self, tenant: str) -> bytes:
        return tenant.encode()


async def measured() -> dict[str, float]:
    """Microseconds of a read by whom it was answered, the middle of the rounds."""
    token = new_token()
    pool: Any = _Postgres(*(parse_token(token) or ("", "")))
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w") as log:
        logs.configure("json", stream=log)
        async with SpooledTrail(Path(folder), _Confirms()) as trail:
            apps = {
                "API": create_app(_dependencies(pool, trail)),
                "API without trail": create_app(_dependencies(pool, None)),
                "bare": bare.application(pool, TENANT),
            }
            settle()
            took: dict[str, list[float]] = {name: [] for name in apps}
            for round_ in range(ROUNDS + 1):
                for name, app in apps.items():
                    spent = await _spent(app, token)
                    if round_:
                        took[name].append(spent)
    return {name: sorted(spent)[len(spent) // 2] for name, spent in took.items()}


def _dependencies(pool: Any, trail: SpooledTrail | None) -> Dependencies:
    rest: Any = SimpleNamespace()
    reads = PostgresReads(pool, rest)
    keys: Any = _Keys()
    return Dependencies(rest, rest, keys, rest, PostgresKeyStore(pool), reads, rest, trail=trail)


async def _spent(app: Any, token: str) -> float:
    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message.get("status", 200) != 200:  # noqa: PLR2004
            raise RuntimeError(f"a read was answered {message['status']}")

    async def caller() -> None:
        for _ in range(READS // CALLERS):
            await app(_scope(uuid4(), token), receive, send)
            await asyncio.sleep(0)

    began = process_time()
    await asyncio.gather(*[caller() for _ in range(CALLERS)])
    # What goes to the log behind the answers' backs is part of it.
    await asyncio.sleep(0.1)
    return (process_time() - began) / READS * 1e6


def _scope(document_id: UUID, token: str) -> dict[str, Any]:
    path = f"/v1/documents/{document_id}"
    return {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "server": ("127.0.0.1", 80), "client": ("203.0.113.7", 5), "root_path": "", "path": path,
        "raw_path": path.encode(), "query_string": b"", "state": {},
        "headers": [(b"host", b"127.0.0.1"), (b"authorization", f"Bearer {token}".encode())],
    }  # fmt: skip


if __name__ == "__main__":
    for name_, microseconds in uvloop.run(measured()).items():
        sys.stdout.write(f"{name_}: {microseconds:.0f} us\n")
