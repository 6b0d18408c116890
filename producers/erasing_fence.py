"""While a document's keys are about to go nothing new is taken for it: it would be sealed under a key that goes.

The fence is up from the moment at which an erasure knows its documents until its keys are gone and no process has one
in memory any more. While retention asks once more (`asking`) nothing new is let in, and what was let in before is
decided as ever: it may be why a document stays. It asks for a minute at most: then the fence comes down, and it is all
asked anew behind the next one. All times are the database's.
"""

from typing import Any
from uuid import UUID

from muniment.producers.postgres import database

_UNDER_WAY = """
exists (select from muniment_erasing.erasures where tenant = $1 and state = 'confirmed'
    and stage in ({}) and $2 = any(documents))"""
_ENDING = _UNDER_WAY.format("'telling', 'ending', 'destroying'")
_FENCED = _UNDER_WAY.format("'asking', 'telling', 'ending', 'destroying'")
# A process may use a key for a second after its destruction (see `PostgresKeyRing`).
_UP = f"""select {_FENCED} or exists (
    select from muniment_keys.data_keys where tenant = $1 and document_id = $2
        and destroyed_at > now() - interval '3 seconds')"""  # noqa: S608 - constants
_LOST = f"""select {_ENDING} or exists (
    select from muniment_keys.data_keys where key_id = $3 and destroyed_at is not null)"""  # noqa: S608 - constants


async def is_up(pool: Any, tenant: str, document_id: UUID) -> bool:
    """Whether nothing is taken for this document now. Raises `StepFailure(database_unavailable)`."""
    async with database():
        return bool(await pool.fetchval(_UP, tenant, document_id))


async def is_lost(connection: Any, tenant: str, document_id: UUID, key_id: UUID | None) -> bool:
    """Whether what was sealed under this key, and is not decided yet, goes with an erasure of the document."""
    return bool(await connection.fetchval(_LOST, tenant, document_id, key_id))
