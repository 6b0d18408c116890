"""Which model search reads, and what there is of each: queries of the read model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from muniment.producers.postgres import database
from muniment.projections.projection import Connection
from muniment.projections.sql import statements
from muniment.schemas.embedding_models import EmbeddingModel, added
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

_SQL = statements("muniment.projections.chunks", "live_model.sql")
_COVERAGE, _GAPS = (_SQL[name].replace("{left_out}", _SQL["left_out"]) for name in ("coverage", "gaps"))


class ModelSwitched(Exception):
    """Search reads the vectors of another model by now: the question has to be embedded with that one."""


@dataclass(frozen=True)
class ModelRow:
    """A model that a migration brought in, or one that was dropped; `state` is `kept`, `paused` or `dropped`."""

    model: EmbeddingModel
    state: str
    reason: str
    actor: str
    started_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class LiveRow:
    """Which model search reads, since when and why."""

    model: str
    previous: str
    reason: str
    actor: str
    switched_at: datetime


@dataclass(frozen=True)
class Coverage:
    """What there is of a model in versions that search sees, and what all its vectors cost.

    Attributes:
        batches: Those that have vectors of it.
        chunks: The same in chunks.
        tokens: What was paid for, also in versions that search does not see.
        cost_micros: The same, millionths of a US dollar.
        unreadable: Batches that have none and never will: their data key is destroyed.
        discarded: Batches that have none and are not tried again: their dead letters were discarded.
        alone: Those of `batches` that have vectors of no other model.

    """

    batches: int = 0
    chunks: int = 0
    tokens: int = 0
    cost_micros: int = 0
    unreadable: int = 0
    discarded: int = 0
    alone: int = 0


@dataclass(frozen=True)
class Whole:
    """All that search sees: batches and chunks; `texts` and `tokens` of those that differ within a tenant."""

    batches: int
    chunks: int
    texts: int
    tokens: int


async def still_live(connection: Connection, model: str) -> None:
    """Raise `ModelSwitched` unless search reads this model; inside the transaction of the search."""
    # Read models of an older version know one model only, until their rebuild is done.
    live = await connection.fetchval(_SQL["live"]) if await connection.fetchval(_SQL["there"]) else None
    if (live if live and added(live) else "") != (model if added(model) else ""):
        raise ModelSwitched


async def live_added(pool: Any) -> EmbeddingModel | None:
    """The model that search reads, if a migration brought it in; `None`: that of the settings."""
    try:
        row = await pool.fetchrow(_SQL["live_added"])
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        # Read models of an older version, which know one model only, until their rebuild is done.
        return None
    return None if row is None else _model(row)


async def live(pool: Any) -> LiveRow | None:
    """The last switch; `None` when there was none."""
    row = await pool.fetchrow(_SQL["switch"])
    return None if row is None else LiveRow(**dict(row))


async def models(pool: Any) -> list[ModelRow]:
    """Every model that was ever brought in or dropped, the oldest first."""
    return [
        ModelRow(_model(r), r["state"], r["reason"], r["actor"], r["started_at"], r["changed_at"])
        for r in await pool.fetch(_SQL["models"])
    ]


async def coverage(pool: Any, names: Sequence[str]) -> Mapping[str, Coverage]:
    """What there is of each of these models, by its name."""
    rows = await pool.fetch(_COVERAGE, list(names))
    return {row["model"]: Coverage(*tuple(row)[1:]) for row in rows}


async def whole(pool: Any) -> Whole:
    """How much search sees, of all tenants."""
    return Whole(**dict(await pool.fetchrow(_SQL["whole"])))


async def gaps(pool: Any, model: str) -> int:
    """How many batches a switch to this model waits for: search sees them, and they are to have vectors of it.

    Raises:
        StepFailure: `database_unavailable`, also while a read model is being built for a newer version.

    """
    async with database():
        try:
            found = await pool.fetchval(_GAPS, [model])
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError, asyncpg.UndefinedColumnError):
            detail = "a read model that says what has vectors of which model is not there yet"
            raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, detail) from None
    return int(found)


def _model(row: Any) -> EmbeddingModel:
    return EmbeddingModel(
        name=row["model"],
        served_as=row["served_as"],
        dimensions=row["dimensions"],
        base_url=row["base_url"],
        query_prefix=row["query_prefix"],
        passage_prefix=row["passage_prefix"],
        ask_dimensions=row["ask_dimensions"],
        price_per_million_tokens=row["price_per_million_tokens"],
    )
