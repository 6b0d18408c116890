"""What bringing a model in would take: counted in the read model, and measured at its endpoint."""

import asyncio
from time import perf_counter

from muniment.api.models.answers import Estimate
from muniment.api.models.port import Overview, QuestionModels
from muniment.api.problems.problem import Problem
from muniment.producers.embedding.models import Priced
from muniment.schemas.embedding_models import EmbeddingModel, new_name
from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import StepFailure

CALLS, TEXTS = 2, 8
"""What the endpoint is asked for: so many calls at once, of so many texts."""
WORDS = ("every", "record", "says", "what", "happened", "and", "when", "so", "that", "anyone", "can", "tell", "it")
WORDS_A_TOKEN = 0.75


async def estimate(models: QuestionModels, model: EmbeddingModel, requests_per_minute: int, batch: int) -> Estimate:
    """See `Estimate`; the texts of the measurement are of the house's own making.

    Raises:
        Problem: `endpoint_not_named`, `model_unusable` when the endpoint has no such model or other vectors,
            `embedding_unavailable`.
        StepFailure: `database_unavailable`.

    """
    found = await models.overview()
    rate = await _measured(asked_by(models, model), found)
    whole = found.whole
    limit = requests_per_minute * batch / 60
    cost = whole.tokens * model.price_per_million_tokens / 1e6
    return Estimate(
        name=new_name(model.served_as, model.dimensions, {row.model.name for row in found.models}),
        chunks=whole.chunks,
        texts=whole.texts,
        tokens=whole.tokens,
        price_per_million_tokens=model.price_per_million_tokens,
        cost=round(cost, 6),
        texts_per_s=round(rate, 1),
        seconds=round(whole.texts / min(rate, limit), 1),
    )


def asked_by(models: QuestionModels, model: EmbeddingModel) -> Priced:
    """The model's embedder; raises `Problem(endpoint_not_named)`."""
    try:
        return models.probe(model)
    except StepFailure as error:
        raise Problem("endpoint_not_named", f"{error.detail}.") from None


async def _measured(priced: Priced, found: Overview) -> float:
    """Texts a second, of the length that texts here have on average."""
    words = max(4, round(WORDS_A_TOKEN * found.whole.tokens / max(1, found.whole.texts)))
    said = (WORDS * (words // len(WORDS) + 1))[:words]
    calls = [[f"{call} {text} {' '.join(said)}" for text in range(TEXTS)] for call in range(CALLS)]
    began = perf_counter()
    try:
        await asyncio.gather(*(priced.embedder.embed(texts, purpose="passage") for texts in calls))
    except StepFailure as error:
        wrong = error.code in {ErrorCode.PROVIDER_REJECTED, ErrorCode.EMBEDDING_BAD_ANSWER, ErrorCode.PROVIDER_AUTH}
        if wrong:
            raise Problem("model_unusable", f"{error.detail}.") from None
        if POLICIES[error.code] is Policy.OUTAGE:
            raise Problem("embedding_unavailable", f"{error.detail}.") from None
        raise
    return CALLS * TEXTS / max(perf_counter() - began, 1e-6)
