"""Routes of flags, steps, breakers, and of what was decided."""

from collections.abc import Collection
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from muniment.api.access import Operator, may_operate
from muniment.api.dependencies import Deps
from muniment.api.operation_reads import answers as told
from muniment.api.operation_reads.rows import outcome_answer
from muniment.api.operations.docs import READ, READ_ONE, order_docs
from muniment.api.operations.ordering import Order
from muniment.api.operations.requests import FlagValue
from muniment.api.paging import Cursor, Limit, listed
from muniment.api.problems.problem import Problem
from muniment.api.texts import Filter, Reason
from muniment.api.waiting import caught_up
from muniment.schemas.breakers import BREAKERS
from muniment.schemas.errors import StepFailure
from muniment.schemas.flags import FLAGS
from muniment.schemas.operation_commands import HaltStep, ResetBreaker, ResumeStep, SetFlag
from muniment.schemas.topics import BESIDE, NOT_HALTABLE, STEP_NAMES, branched, whole_step

router = APIRouter(prefix="/v1", tags=["operations"])
known = caught_up("operations", may_operate)
_NAME = "^[^/\x00]{1,200}$"
FlagName = Annotated[str, Path(alias="flag", pattern=_NAME)]
StepName = Annotated[str, Path(alias="step", pattern=_NAME)]
BreakerName = Annotated[str, Path(alias="breaker", pattern=_NAME)]


def declared(kind: str, name: str, names: Collection[str]) -> str:
    """The name; a problem that lists the known ones when it is none of them."""
    if name not in names:
        listing = ", ".join(names)
        raise Problem("not_found", f"There is no such {kind}; there are: {listing}.", extra={"known": list(names)})
    return name


@router.get("/flags", operation_id="listFlags", summary="Every flag", responses=READ, dependencies=[known])
async def list_flags(deps: Deps, _: Operator) -> told.Flags:
    """What each is, what it is by default, and who set it last."""
    return told.Flags(items=await deps.reads.flags())


@router.get(
    "/flags/{flag}",
    operation_id="getFlag",
    summary="A flag with its history",
    responses=READ_ONE,
    dependencies=[known],
)
async def get_flag(name: FlagName, deps: Deps, _: Operator) -> told.FlagHistory:
    """Its last 200 changes, newest first."""
    declared("flag", name, FLAGS)
    [found] = [flag for flag in await deps.reads.flags() if flag.name == name]
    return told.FlagHistory(**found.model_dump(), history=await deps.reads.flag_history(name))


@router.put(
    "/flags/{flag}",
    status_code=202,
    operation_id="setFlag",
    summary="Set a flag",
    responses=order_docs("not_found"),
)
async def set_flag(*, name: FlagName, given: FlagValue, order: Order) -> told.Ordered:
    """In effect in every process within two seconds."""
    command = SetFlag(flag=declared("flag", name, FLAGS), value=given.value, reason=given.reason)
    return await order(command)


@router.get("/steps", operation_id="listSteps", summary="Every step", responses=READ, dependencies=[known])
async def list_steps(deps: Deps, _: Operator) -> told.Steps:
    """Whether it runs or is halted, since when and why, how many records lie before it, and what those wait for.

    Re-embedding is halted for each model by itself, too, as `reembedding:<model>`: shown once it ever was.
    """
    steps = await deps.reads.steps()
    waiting = await _waiting(deps)
    waits = await deps.workers.waits() if deps.workers else {}
    more = ({"lag": waiting.get(one.name), "waits": waits.get(one.name)} for one in steps)
    return told.Steps(items=[one.model_copy(update=some) for one, some in zip(steps, more, strict=True)])


@router.post(
    "/steps/{step}/halt",
    status_code=202,
    operation_id="haltStep",
    summary="Let a step take no more records",
    responses=order_docs("not_found", "not_haltable"),
)
async def halt_step(*, name: StepName, given: Reason, deps: Deps, order: Order) -> told.Ordered:
    """What it is at work on is finished; what comes waits on the log and uses up no attempt. Not for `operating`."""
    step = declared("step", name, await _steps(deps, name))
    if step in NOT_HALTABLE:
        # The decider would say so, too. Whoever asks is told before anything is on the record.
        raise Problem("not_haltable", f"{step} carries out what operators order, and so could not be resumed.")
    command = HaltStep(step=step, reason=given.reason)
    return await order(command)


@router.post(
    "/steps/{step}/resume",
    status_code=202,
    operation_id="resumeStep",
    summary="Let a halted step go on",
    responses=order_docs("not_found"),
)
async def resume_step(*, name: StepName, given: Reason, deps: Deps, order: Order) -> told.Ordered:
    """Whoever halted it, a person or the brake."""
    command = ResumeStep(step=declared("step", name, await _steps(deps, name)), reason=given.reason)
    return await order(command)


@router.get("/breakers", operation_id="listBreakers", summary="Every breaker", responses=READ, dependencies=[known])
async def list_breakers(deps: Deps, _: Operator) -> told.Breakers:
    """Whether the outside services are called."""
    return told.Breakers(items=await deps.reads.breakers())


@router.post(
    "/breakers/{breaker}/reset",
    status_code=202,
    operation_id="resetBreaker",
    summary="Close a breaker",
    responses=order_docs("not_found"),
)
async def reset_breaker(*, name: BreakerName, given: Reason, deps: Deps, order: Order) -> told.Ordered:
    """The service is called again at once, by all workers."""
    names = [found.name for found in await deps.reads.breakers()] if name not in BREAKERS else BREAKERS
    command = ResetBreaker(breaker=declared("breaker", name, names), reason=given.reason)
    return await order(command)


@router.get(
    "/operations",
    operation_id="listOperations",
    summary="What operators, brakes and breakers did, newest first",
    responses=READ,
    dependencies=[known],
)
async def list_operations(
    *,
    deps: Deps,
    who: Operator,
    kind: Annotated[Filter | None, Query(description="Only of this kind")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> told.Operations:
    """Who did what, when and why; single letters of a redrive are not among it."""
    page = await listed(deps.reads.operations(who.tenant, kind=kind, limit=limit, cursor=cursor))
    return told.Operations(items=page.items, next_cursor=page.next_cursor)


@router.get(
    "/operations/{operation_id}",
    operation_id="getOperation",
    summary="What was decided on a command",
    responses=READ_ONE,
    dependencies=[known],
)
async def get_operation(operation_id: UUID, deps: Deps, who: Operator) -> told.Outcome:
    """Accepted or rejected. With the position token of the command's answer it waits for the decision."""
    found = await deps.reads.outcome(who.tenant, operation_id)
    if not found:
        raise Problem("not_found", "There is no such operation, or it is not decided yet.")
    return outcome_answer(operation_id, found)


async def _steps(deps: Deps, name: str) -> list[str]:
    """What can be halted and resumed: the steps; and where a branch is meant, those that there are, too."""
    if name in STEP_NAMES or whole_step(name) not in BESIDE:
        return list(STEP_NAMES)
    names = dict.fromkeys(one.name for one in await deps.reads.steps())
    if deps.models is not None:
        found = await deps.models.overview()
        dropped = {row.model.name for row in found.models if row.state == "dropped"}
        models = [model for model in (found.first, *(row.model.name for row in found.models)) if model not in dropped]
        names |= dict.fromkeys(branched(step, model) for step in sorted(BESIDE) for model in models)
    return list(names)


async def _waiting(deps: Deps) -> dict[str, int]:
    """By step, the records that its readers have not come to; empty while the broker cannot say.

    Each lane reads all records and passes by those of the others: the lane that is furthest behind has all that wait.
    """
    found: dict[str, int] = {}
    if deps.overview is not None:
        with suppress(StepFailure):
            for lag in await deps.overview.lag():
                for step in lag.steps:
                    found[step] = max(found.get(step, 0), lag.records)
    return found
