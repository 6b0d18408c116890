"""How far everything is behind, as rows."""

from types import SimpleNamespace
from typing import Any

from muniment.api.console.operations.lag import (
    StepRow,
    model_rows,
    projections_told,
    step_rows,
    steps_behind,
    tier_rows,
)
from muniment.api.overview.port import StepLag
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

FOUND = [
    StepLag(("deciding", "indexing"), "normal", "", 4),
    StepLag(("deciding",), "bulk", "", 9),
    StepLag((), "", "muniment.retry.125s", 2),
]


def test_groups_and_tiers_are_apart():
    """Steps that read together are one row, by lane; a tier is named by how long it holds records."""
    assert step_rows(FOUND) == [StepRow(("deciding", "indexing"), "normal", 4), StepRow(("deciding",), "bulk", 9)]
    assert tier_rows(FOUND) == [("125s", 2)]


def test_a_read_model_says_what_its_process_says():
    """Drift is a number only once something was compared; without its process it is away, and nothing is made up."""
    told = {"documents": {"state": "running", "schema": "documents_v3", "lag": 0, "checkpoint_age_s": 0.1, "parked": 0,
                          "drift": {"rows": 2, "slices": "3 of 16", "named": ["a row"]}},
            "jobs": {"state": "rebuilding", "lag": 7, "drift": None}}  # fmt: skip
    documents, jobs, chunks = model_rows(["documents", "jobs", "chunks"], told, {"chunks": 5})
    assert (documents.drift, documents.compared, documents.named) == (2, "3 of 16", ("a row",))
    assert (jobs.state, jobs.lag, jobs.drift, jobs.compared) == ("rebuilding", 7, None, "")
    assert (chunks.state, chunks.lag, chunks.age_s) == ("away", 5, None)
    assert {row.state for row in model_rows(["documents"], None, {})} == {"away"}


async def test_what_does_not_answer_is_unknown():
    """A broker that is away leaves no figures, a process that is away no states: neither breaks the page."""

    async def away() -> Any:
        raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "no broker")

    async def broken() -> Any:
        raise OSError

    deps: Any = SimpleNamespace(overview=SimpleNamespace(lag=away), optional={"projections": broken})
    assert await steps_behind(deps) is None
    assert await projections_told(deps) is None

    async def waits() -> Any:
        error = RuntimeError()
        error.parts = {"documents": {"state": "waiting_for_keys", "error": "key 7"}}  # type: ignore[attr-defined]
        raise error

    told = await projections_told(SimpleNamespace(overview=None, optional={"projections": waits}))  # type: ignore[arg-type]
    assert [(row.state, row.error) for row in model_rows(["documents"], told, {})] == [("waiting_for_keys", "key 7")]
    nothing: Any = SimpleNamespace(overview=None, optional={})
    assert (await steps_behind(nothing), await projections_told(nothing)) == (None, None)
