"""What the API's reads are measured against: FastAPI and asyncpg with the same query and the same answer, nothing else.

`python -m muniment.infra.bench.bare PORT TENANT`, with the address of Postgres in MUNIMENT_BENCH_DATABASE.
"""

import os
import sys
from typing import Any
from uuid import UUID

import asyncpg
import uvicorn
import uvloop
from fastapi import FastAPI, HTTPException

from muniment.api.answers import Document
from muniment.api.rows import document_answer
from muniment.projections.documents import queries

ADDRESS = "MUNIMENT_BENCH_DATABASE"


async def main(port: int, tenant: str) -> None:
    """Serve until a signal."""
    pool = await asyncpg.create_pool(
        os.environ[ADDRESS], min_size=2, max_size=10, reset=_nothing, server_settings={"jit": "off"}
    )
    app = application(pool, tenant)
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, http="httptools")
    await uvicorn.Server(config).serve()


def application(pool: Any, tenant: str) -> FastAPI:
    """As anybody would write it; FastAPI's own response model writes the answer."""
    app = FastAPI()

    @app.get("/v1/documents/{document_id}")
    async def document(document_id: UUID) -> Document:
        found = await queries.document_with_latest(pool, tenant, document_id)
        if found is None:
            raise HTTPException(404)
        return document_answer(*found)

    return app


async def _nothing(_: object) -> None:
    pass


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), sys.argv[2]))
