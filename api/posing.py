"""A question as a vector, of the model that search reads: always the two together, also while that is switched."""

from dataclasses import dataclass, replace

import structlog

from muniment.api.answers import Hit
from muniment.api.caching.of_search import wanted_page, wanted_vector
from muniment.api.dependencies import Dependencies
from muniment.api.pages import Page
from muniment.api.problems.problem import Problem
from muniment.api.reads import Question, Reads
from muniment.producers.embedding.embedder import Embedder
from muniment.producers.embedding.models import Priced
from muniment.projections.chunks.live_model import ModelSwitched
from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import StepFailure

LOG = structlog.get_logger(__name__)
TIMES = 5
"""How often a question is embedded anew because search was switched meanwhile: once is rare, more is a fault."""
_AWAY = {ErrorCode.PROVIDER_AUTH, ErrorCode.PROVIDER_REJECTED, ErrorCode.EMBEDDING_BAD_ANSWER}


@dataclass(frozen=True, slots=True)
class Posed:
    """A question's vector and whose it is; no vector when the endpoint is away."""

    vector: list[float] | None = None
    model: str | None = None


async def pose(deps: Dependencies, tenant: str, text: str, then: str | None = None) -> Posed:
    """Embed a tenant's question with the model that search reads now, or that of this name; raises as `QuestionModels`.

    There is no vector when the endpoint is away, or the model's vectors are not kept any more.
    """
    if deps.models is None:
        return Posed(await _vector(deps, tenant, deps.embedder, text))
    model: Priced | None = None
    try:
        model = await deps.models.live() if then is None else await deps.models.named(then)
    except StepFailure as error:
        if not _away(error):
            raise
        LOG.warning("search.degraded", code=str(error.code), detail=error.detail)
        return Posed()
    if model is None:
        LOG.warning("search.degraded", code="model_dropped", detail=then)
        return Posed()
    return Posed(await _vector(deps, tenant, model.embedder, text), model.name)


async def searched(
    deps: Dependencies, tenant: str, question: Question, reads: Reads | None = None
) -> tuple[Page[Hit], str | None]:
    """The hits of a question, and whose vectors they are; when search is switched in between, it is embedded anew.

    `reads` are those of another moment.

    Raises:
        Problem: `embedding_unavailable` when it cannot be.

    """
    for _ in range(TIMES):
        try:
            return await _page(deps, tenant, question, reads), question.model
        except ModelSwitched:
            LOG.info("search.switched", model=question.model)
        posed = await pose(deps, tenant, question.text)
        if posed.vector is None:
            break
        question = replace(question, vector=posed.vector, model=posed.model)
    raise Problem("embedding_unavailable", "The question could not be turned into a vector.")


async def _page(deps: Dependencies, tenant: str, question: Question, reads: Reads | None) -> Page[Hit]:
    if reads is not None and reads is not deps.reads:
        # Of another moment: asked for rarely, and by few.
        return await reads.search(tenant, question)
    return await deps.cache.kept(wanted_page(tenant, question), lambda: deps.reads.search(tenant, question))


async def _vector(deps: Dependencies, tenant: str, embedder: Embedder, text: str) -> list[float] | None:
    async def embed() -> list[float]:
        embedded = await embedder.embed([text], purpose="query")
        return [float(x) for x in embedded.vectors[0]]

    try:
        return await deps.cache.kept(wanted_vector(tenant, embedder.model, embedder.dimensions, text), embed)
    except StepFailure as error:
        if not _away(error):
            raise
        LOG.warning("search.degraded", code=str(error.code), detail=error.detail)
        return None


def _away(error: StepFailure) -> bool:
    return POLICIES[error.code] is Policy.OUTAGE or error.code in _AWAY
