"""What is kept for readers beside the read models: answers of the cache, and questions that were asked before."""

from typing import Any

from muniment.producers.postgres import database
from muniment.stream_apps.erasing.stores import About, Erased, Forgotten

_NAMING = "select count(*) from muniment_caching.answers where tenant = $1 and documents && $2::uuid[]"
_ANSWERS = "delete from muniment_caching.answers where tenant = $1"
_ASKED = "select count(*) from muniment_caching.questions where tenant = $1"
_QUESTIONS = "delete from muniment_caching.questions where tenant = $1"


class KeptStore:
    """Answers that instances of the API share. Their memories let go of theirs when the fold of the erasure is seen."""

    name = "kept answers"

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def count(self, what: About) -> int:
        """See `Store.count`."""
        async with database():
            return int(await self._pool.fetchval(_NAMING, what.tenant, list(what.documents)))

    async def erase(self, what: Forgotten) -> Erased:
        """See `Store.erase`. All of the tenant's go: to make one again costs a search."""
        async with database():
            await self._pool.execute(_ANSWERS, what.tenant)
        return Erased(note="every kept answer of the tenant; memories let go of theirs within a second")


class QuestionStore:
    """Questions that were asked before: nobody knows whom they are about, so all of the tenant's go."""

    name = "past questions"

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def count(self, what: About) -> int:
        """See `Store.count`."""
        async with database():
            return int(await self._pool.fetchval(_ASKED, what.tenant))

    async def erase(self, what: Forgotten) -> Erased:
        """See `Store.erase`."""
        async with database():
            await self._pool.execute(_QUESTIONS, what.tenant)
        return Erased(note="all of the tenant's: a question does not say which document or person it is about")
