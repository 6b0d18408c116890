"""What somebody who types may mean: kept answers first, then the read model, and questions that were asked before."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from muniment.api.access import Principal
from muniment.api.caching.wanted import Wanted
from muniment.api.dependencies import Dependencies
from muniment.api.live_channel.predicted import Prediction
from muniment.projections.predictions.folding import enough, folded
from muniment.projections.predictions.queries import Predicted

MOST = 20
"""Predictions that are made and kept; a client is shown as many of them as it wants."""
_PREDICTIONS: TypeAdapter[list[Prediction]] = TypeAdapter(list[Prediction])


async def predict(
    deps: Dependencies, who: Principal, typed: str, *, limit: int, project_id: UUID | None = None
) -> list[Prediction]:
    """Predictions for somebody, best first.

    Raises:
        StepFailure: `database_unavailable`.

    """
    if deps.predicting is None or not enough(typed):
        return []
    plain, predicting = folded(typed), deps.predicting

    async def make() -> list[Prediction]:
        now = datetime.now(UTC)
        found = await predicting.predictions(who.tenant, typed, limit=MOST, now=now, project_id=project_id)
        return [_shown(one) for one in found]

    found = await deps.cache.kept(_wanted(who.tenant, plain, project_id), make)
    if deps.questions is not None and project_id is None:
        asked = await deps.questions.like(who.tenant, who.actor, typed, MOST)
        found = sorted([*found, *asked], key=lambda one: (-one.confidence, len(one.text), one.text))
    return found[:limit]


def _wanted(tenant: str, plain: str, project_id: UUID | None) -> Wanted[list[Prediction]]:
    parts = (plain, str(project_id) if project_id else None, datetime.now(UTC).date().isoformat())
    return Wanted("predictions", tenant, parts, _PREDICTIONS.dump_json, _PREDICTIONS.validate_json, _documents)


def _documents(found: list[Prediction]) -> set[UUID]:
    return {place.document_id for one in found for place in one.places}


def _shown(one: Predicted) -> Prediction:
    places: list[Any] = [{"document_id": document_id, "version": version} for document_id, version in one.places]
    return Prediction(kind=one.kind, text=one.text, confidence=one.confidence, documents=one.documents, places=places)
