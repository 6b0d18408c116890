"""Finds the key of a request, with a cache so short that a revocation is seen within five seconds."""

from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Protocol

from muniment.api.keys import ApiKey, key_of, matches, parse_token
from muniment.producers.postgres import database

CACHE_S = 3.0
CACHE_KEYS = 10_000
_FIND = "select * from muniment_access.api_keys where key_id = $1"
# Written at most once a minute a key: it answers "is this key still in use?", not "when exactly?".
_USED = """
update muniment_access.api_keys set last_used_at = now()
where key_id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')"""


class KeyStore(Protocol):
    """The port to the API keys."""

    async def find(self, token: str) -> ApiKey | None:
        """The key of a token; `None` when it is unknown, wrong, revoked or expired."""
        ...


class PostgresKeyStore:
    """See `KeyStore`. Unknown tokens are not cached: they cost the one who guesses, and fill no memory."""

    def __init__(self, pool: Any, *, clock: Callable[[], float] = monotonic) -> None:
        self._pool = pool
        self._clock = clock
        self._held: dict[str, tuple[float, bytes, ApiKey]] = {}

    async def find(self, token: str) -> ApiKey | None:
        """See `KeyStore.find`.

        Raises:
            StepFailure: `database_unavailable`.

        """
        parsed = parse_token(token)
        if parsed is None:
            return None
        key_id, secret = parsed
        stored, key = await self._row(key_id)
        if not matches(secret, stored) or key is None:
            return None
        return key if key.valid_at(datetime.now(UTC)) else None

    async def _row(self, key_id: str) -> tuple[bytes | None, ApiKey | None]:
        held = self._held.get(key_id)
        if held and held[0] > self._clock():
            return held[1], held[2]
        async with database():
            row = await self._pool.fetchrow(_FIND, key_id)
            if row is None:
                self._held.pop(key_id, None)
                return None, None
            await self._pool.execute(_USED, key_id)
        if len(self._held) >= CACHE_KEYS:
            self._held.clear()
        key = key_of(row)
        self._held[key_id] = (self._clock() + CACHE_S, row["secret_hash"], key)
        return row["secret_hash"], key
