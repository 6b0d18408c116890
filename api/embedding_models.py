"""Routes of embedding models: what there is, what another would cost, bring it in, compare, switch, drop."""

from typing import Any

from fastapi import APIRouter

from muniment.api.access import Operator, may_operate
from muniment.api.dependencies import Dependencies, Deps
from muniment.api.models.answers import Comparison, Estimate, Figures, Model, Models
from muniment.api.models.comparing import Asked, Comparing
from muniment.api.models.estimating import asked_by, estimate
from muniment.api.models.port import Overview, QuestionModels
from muniment.api.models.requests import ChosenModel, ComparisonRequest, Migration, ModelSettings
from muniment.api.operation_reads import answers as told
from muniment.api.operations.docs import READ, order_docs
from muniment.api.operations.ordering import Order
from muniment.api.problems.docs import problems
from muniment.api.problems.problem import Problem
from muniment.api.waiting import caught_up
from muniment.producers.embedding.models import Priced
from muniment.projections.chunks.live_model import Coverage, ModelRow
from muniment.schemas.embedding_models import (
    MARK,
    DropEmbeddings,
    MigrateEmbeddings,
    PauseMigration,
    RecordComparison,
    ResumeMigration,
    SwitchEmbeddings,
)
from muniment.schemas.error_codes import POLICIES, Policy
from muniment.schemas.errors import StepFailure

router = APIRouter(prefix="/v1/embedding-models", tags=["embedding models"])
known = caught_up("chunks", may_operate)
_UNUSABLE = ("endpoint_not_named", "model_unusable", "embedding_unavailable")


@router.get("", operation_id="listEmbeddingModels", summary="Every model", responses=READ, dependencies=[known])
async def list_models(deps: Deps, _: Operator) -> Models:
    """Which one search reads, how much of everything each has vectors of, and what those cost."""
    found = await _models(deps).overview()
    names = {row.model.name for row in found.models}
    dropped = {row.model.name for row in found.models if row.state == "dropped"}
    items = [_answer(row, found) for row in found.models]
    if found.first not in names:
        items = [_first(found), *items]
    items.sort(key=lambda one: (one.model != found.first, one.model in dropped))
    return Models(live=found.reads, batches=found.whole.batches, chunks=found.whole.chunks, items=items)


@router.post(
    "/estimate",
    operation_id="estimateMigration",
    summary="What a migration to a model would cost, and how long it would take",
    responses={**READ, **problems(*_UNUSABLE)},
    dependencies=[known],
)
async def estimate_migration(given: ModelSettings, deps: Deps, _: Operator) -> Estimate:
    """Counts texts and tokens, and measures the endpoint with a few texts of its own making. Begins nothing."""
    settings = deps.settings
    return await estimate(
        _models(deps), given.as_model(), settings.embedding_requests_per_minute, settings.embedding_batch
    )


@router.post(
    "",
    status_code=202,
    operation_id="migrateEmbeddings",
    summary="Embed everything with another model, beside the live one",
    responses=order_docs("endpoint_not_named"),
)
async def migrate(given: Migration, deps: Deps, order: Order) -> told.Ordered:
    """From the log, on the bulk lane; what comes meanwhile is embedded by both, until one is dropped."""
    asked_by(_models(deps), given.as_model())
    command = MigrateEmbeddings(
        model=given.model,
        dimensions=given.dimensions,
        base_url=given.base_url,
        query_prefix=given.query_prefix,
        passage_prefix=given.passage_prefix,
        ask_dimensions=given.ask_dimensions,
        price_per_million_tokens=given.price_per_million_tokens,
        reason=given.reason,
    )
    return await order(command)


@router.post(
    "/pause", status_code=202, operation_id="pauseMigration", summary="Pause a migration", responses=order_docs()
)
async def pause(given: ChosenModel, order: Order) -> told.Ordered:
    """What is under way is finished; nothing is lost and nothing paid again when it goes on."""
    return await order(PauseMigration(model=given.model, reason=given.reason))


@router.post("/resume", status_code=202, operation_id="resumeMigration", summary="Let it go on", responses=order_docs())
async def resume(given: ChosenModel, order: Order) -> told.Ordered:
    """Where it was paused."""
    return await order(ResumeMigration(model=given.model, reason=given.reason))


@router.post(
    "/switch",
    status_code=202,
    operation_id="switchEmbeddings",
    summary="Let search read another model's vectors",
    responses=order_docs(),
)
async def switch(given: ChosenModel, order: Order) -> told.Ordered:
    """At once and for every API process; decided against while anything that search sees is still to get its vectors.

    What nobody can read any more, or was given up as a dead letter, hinders nothing: it is found by its words only.
    """
    return await order(SwitchEmbeddings(model=given.model, reason=given.reason))


@router.post(
    "/drop",
    status_code=202,
    operation_id="dropEmbeddings",
    summary="Remove the vectors of a model that search does not read",
    responses=order_docs(),
)
async def drop(given: ChosenModel, order: Order) -> told.Ordered:
    """For good: to have them again everything is embedded again. A migration under way ends.

    What no other model has vectors of (`only_batches` in the list) is found by its words only from then on.
    """
    return await order(DropEmbeddings(model=given.model, reason=given.reason))


@router.post(
    "/compare",
    status_code=202,
    operation_id="compareEmbeddings",
    summary="Ask a model and the live one the same questions",
    responses=order_docs("not_found", "embedding_unavailable", "read_model_behind"),
    dependencies=[known],
)
async def compare(given: ComparisonRequest, deps: Deps, who: Operator, order: Order) -> Comparison:
    """Within the documents of the caller's tenant. The figures go on the record, the questions are kept nowhere."""
    models = _models(deps)
    live, other = await _both(models, given.model)
    try:
        done = await Comparing(deps.reads, who.tenant, given.k).run(live, other, given.queries)
    except StepFailure as error:
        if POLICIES[error.code] is Policy.OUTAGE:
            raise Problem("embedding_unavailable", f"{error.detail}.") from None
        raise
    mine, theirs = _figures(live, done.live), _figures(other, done.other)
    overlap = round(sum(done.overlaps) / len(done.overlaps), 4)
    command = RecordComparison(
        model=other.name,
        reference=live.name,
        k=given.k,
        queries=len(given.queries),
        judged=done.judged,
        overlap=overlap,
        ndcg=theirs.ndcg,
        reference_ndcg=mine.ndcg,
        p50_ms=theirs.p50_ms,
        p95_ms=theirs.p95_ms,
        reference_p50_ms=mine.p50_ms,
        reference_p95_ms=mine.p95_ms,
        reason=given.reason,
    )
    taken = await order(command)
    return Comparison(
        operation_id=taken.operation_id,
        position=taken.position,
        k=given.k,
        queries=len(given.queries),
        judged=done.judged,
        overlap=overlap,
        live=mine,
        other=theirs,
    )


def _models(deps: Dependencies) -> QuestionModels:
    if deps.models is None:
        raise Problem("not_found", "This API was made with one model only.")
    return deps.models


async def _both(models: QuestionModels, name: str) -> tuple[Priced, Priced]:
    found = await models.overview()
    there = [row.model.name for row in found.models if row.state != "dropped"]
    short = [one for one in there if one.partition(MARK)[0] == name]
    live = await models.live()
    other = await models.named(short[0] if name not in there and len(short) == 1 else name)
    if other is None:
        listing = ", ".join(one for one in (found.first, *there) if one != live.name) or "none"
        raise Problem("not_found", f"There are no vectors of that model; beside the live one there are: {listing}.")
    if other.name == live.name:
        raise Problem("not_found", "Search reads that model: there is nothing to compare it with.")
    return live, other


def _figures(model: Priced, asked: Asked) -> Figures:
    ndcg, p50, p95 = asked.figures()
    return Figures(model=model.name, ndcg=round(ndcg, 4), p50_ms=round(p50, 1), p95_ms=round(p95, 1))


def _first(found: Overview) -> Model:
    return Model(
        **_covered(found, found.first),
        state="live" if found.reads == found.first else _state(found, found.first),
        served_as=found.first,
        dimensions=found.first_dimensions,
        base_url="",
        reason="",
        actor="",
    )


def _answer(row: ModelRow, found: Overview) -> Model:
    one, first = row.model, row.model.name == found.first
    live = found.live if found.reads == one.name else None
    return Model(
        **_covered(found, one.name),
        state="live" if live else (row.state if row.state != "kept" else _state(found, one.name)),
        served_as=one.served_as or one.name,
        dimensions=found.first_dimensions if first else one.dimensions,
        base_url=one.base_url,
        reason=live.reason if live else row.reason,
        actor=live.actor if live else row.actor,
        changed_at=live.switched_at if live else row.changed_at,
    )


def _covered(found: Overview, name: str) -> dict[str, Any]:
    there = found.coverage.get(name, Coverage())
    return {
        "model": name,
        "batches": there.batches,
        "chunks": there.chunks,
        "missing_batches": _missing(found, there),
        "unreadable_batches": there.unreadable,
        "discarded_batches": there.discarded,
        "only_batches": there.alone,
        "tokens": there.tokens,
        "cost_micros": there.cost_micros,
    }


def _state(found: Overview, name: str) -> str:
    return "embedding" if _missing(found, found.coverage.get(name, Coverage())) else "complete"


def _missing(found: Overview, there: Coverage) -> int:
    return max(0, found.whole.batches - there.batches - there.unreadable - there.discarded)
