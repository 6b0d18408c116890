"""How many records lie before a step, where steps are listed."""

from types import SimpleNamespace
from typing import Any

from muniment.api.operation_reads.answers import StepState
from muniment.api.operations.routes import list_steps
from muniment.api.overview.port import StepLag
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

GROUPS = [
    StepLag(("deciding", "chunking"), "normal", "", 3),
    StepLag(("chunking",), "bulk", "", 40),
    StepLag(("deciding",), "bulk", "", 0),
    StepLag((), "", "muniment.retry.1s", 7),
]


class Reads:
    async def steps(self) -> list[StepState]:
        return [StepState(name=name, state="running") for name in ("deciding", "chunking", "embedding")]


async def listed(overview: Any) -> dict[str, int | None]:
    deps: Any = SimpleNamespace(reads=Reads(), overview=overview, workers=None)
    return {step.name: step.lag for step in (await list_steps(deps, None)).items}  # type: ignore[arg-type]


async def test_a_step_is_as_far_behind_as_the_lane_that_is_furthest() -> None:
    """Each lane reads the whole log and passes by what is not its own: to add them up would count records twice."""

    async def lag() -> list[StepLag]:
        return GROUPS

    assert await listed(SimpleNamespace(lag=lag)) == {"deciding": 3, "chunking": 40, "embedding": None}


async def test_steps_are_listed_while_the_log_is_away() -> None:
    """Whether they are halted is known all the same."""

    async def lag() -> list[StepLag]:
        raise StepFailure(ErrorCode.LOG_UNAVAILABLE, "away")

    assert await listed(SimpleNamespace(lag=lag)) == await listed(None) == dict.fromkeys(await listed(None))
