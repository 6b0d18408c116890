"""Lets a process that is at rest hear of erasures, too: it may hold keys and vectors that nobody asks it for."""

import asyncio
import time

import structlog

from muniment.producers.postgres_key_ring import PostgresKeyRing
from muniment.schemas.errors import StepFailure

EVERY_S = 1.0
log = structlog.get_logger(__name__)


class Forgetting:
    """Looks for destroyed keys once a second; whom the key ring is to tell, it tells then."""

    def __init__(self, key_ring: PostgresKeyRing) -> None:
        self._key_ring = key_ring
        self._looked_at = time.monotonic()

    async def run(self) -> None:
        """Look until cancelled. While Postgres is away nothing can be destroyed, and no cached key is used."""
        while True:
            try:
                await self._key_ring.look()
                self._looked_at = time.monotonic()
            except StepFailure as error:
                log.info("forgetting_waits", error=error.detail)
            await asyncio.sleep(EVERY_S)

    def state(self) -> dict[str, object]:
        """What `/health` shows of it."""
        return {"host": "forgetting", "running": True, "last_look_s": round(time.monotonic() - self._looked_at, 1)}
