"""The floor's tables: the projections' own schemas, indexes and views, in a database of their own beside the stack's.

So the floor fills the same tables by the same row builders, and is asked by the same search.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import asyncpg

from muniment.projections import live
from muniment.projections.chunks import models, store
from muniment.projections.chunks.projection import Chunks
from muniment.projections.chunks.vector_rows import VectorBatch
from muniment.projections.documents.projection import Documents
from muniment.schemas.chunks import ChunksPrepared

NAME = "muniment_floor"
TENANT = "default"
VERSION = 1


async def fresh(database_url: str, dimensions: int) -> str:
    """An empty database with the tables; its address."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"drop database if exists {NAME} with (force)")
        with suppress(asyncpg.DuplicateDatabaseError):
            await connection.execute(f"create database {NAME}")
    finally:
        await connection.close()
    connection = await asyncpg.connect(address(database_url))
    try:
        await connection.execute("create extension vector")
        for projection in (Documents(), Chunks(dimensions)):
            await live.ensure(connection, projection)
    finally:
        await connection.close()
    return address(database_url)


def address(database_url: str) -> str:
    """Where the floor's database is, on the server of `database_url`."""
    return urlunsplit(urlsplit(database_url)._replace(path=f"/{NAME}"))


async def write(
    connection: Any,
    dimensions: int,
    names: dict[UUID, str],
    texts: Sequence[ChunksPrepared],
    vectors: list[VectorBatch],
) -> None:
    """All rows of some documents, in one transaction; `names` are their file names by document."""
    chunks = dict.fromkeys(names, 0)
    async with connection.transaction():
        for batch in texts:
            chunks[batch.document_id] += len(batch.places)
            await store.add_texts(connection, "chunks_v2", TENANT, batch)
        await models.add_vectors(connection, "chunks_v2", vectors, dimensions)
        await connection.copy_records_to_table(
            "heads",
            schema_name="chunks_v2",
            columns=("tenant", "document_id", "version", "deleted_up_to", "chunks"),
            records=[(TENANT, i, VERSION, 0, n) for i, n in chunks.items()],
        )
        await connection.copy_records_to_table(
            "documents",
            schema_name="documents_v2",
            columns=("tenant", "document_id", "status", "latest_version", "deleted_up_to", "file_name", "title"),
            records=[(TENANT, i, "indexed", VERSION, 0, name, None) for i, name in names.items()],
        )
