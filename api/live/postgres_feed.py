"""The feed on Postgres."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from muniment.api.live.feed import Versions
from muniment.api.reading import NOT_THERE_YET
from muniment.producers.postgres import database
from muniment.projections.chunks import queries as chunk_queries
from muniment.projections.jobs import feed_queries
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


class _Moment(feed_queries.Moment):
    """Jobs and search in one."""

    __slots__ = ()

    async def unseen(self, tenant: str, versions: Collection[tuple[UUID, int]]) -> Versions:
        """See `Moment.unseen`."""
        return await chunk_queries.unseen(self.connection, tenant, list(versions))


class PostgresFeed:
    """See `Feed`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[_Moment]:
        """See `Feed.moment`."""
        try:
            async with database(), feed_queries.moment(self._pool) as found:
                yield _Moment(found.connection, found.at)
        except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.InvalidSchemaNameError) as error:
            # A view that is being repointed, or the projections of this version have not run yet.
            raise StepFailure(ErrorCode.DATABASE_UNAVAILABLE, NOT_THERE_YET) from error
