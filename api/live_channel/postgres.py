"""The read model of predictions on Postgres."""

from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.api.reading import reading
from muniment.projections.predictions.queries import Predicted, predictions


class PostgresPredicting:
    """See `Predicting`."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    async def predictions(
        self, tenant: str, typed: str, *, limit: int, now: datetime, project_id: UUID | None = None
    ) -> list[Predicted]:
        """See `Predicting.predictions`."""
        async with reading():
            return await predictions(self._pool, tenant, typed, limit=limit, now=now, project_id=project_id)
