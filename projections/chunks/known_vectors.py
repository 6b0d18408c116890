"""Vectors that are known already: the same text under the same model is never embedded twice, across documents."""

import struct
from collections.abc import Sequence
from typing import Any

import asyncpg
import numpy as np
from numpy.typing import NDArray

from muniment.producers.postgres import database
from muniment.projections.chunks.models import of_model

_HEAD = struct.calcsize(">HH")
# As bytes in Postgres' own wire format: no codec has to be registered on the caller's pool.
# One row for each hash, however many documents share the text.
_FIND = """
select h as content_hash, known.sent from unnest($3::bytea[]) as wanted(h) cross join lateral (
    select halfvec_send(embedding) as sent from read.{vectors} v
    where tenant = $1 and content_hash = h and model = $2 and embedding is not null limit 1
) known
"""


class KnownVectors:
    """Looks vectors up in the search read model; `pool` is an asyncpg pool."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def find(self, tenant: str, model: str, hashes: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """The vectors known for these content hashes, by hash; one that is missing has to be embedded.

        Raises:
            StepFailure: `database_unavailable`.

        """
        async with database():
            try:
                rows = await self._pool.fetch(of_model(_FIND, model), tenant, model, list(set(hashes)))
            except asyncpg.UndefinedTableError:
                # No projection has run against this database yet, so nothing is known.
                return {}
        return {bytes(row["content_hash"]): vector_of(row["sent"]) for row in rows}


def vector_of(sent: bytes) -> NDArray[np.float16]:
    """A `halfvec` from its wire format: length, a reserved word, big-endian float16."""
    return np.frombuffer(sent, ">f2", offset=_HEAD).astype(np.float16)
