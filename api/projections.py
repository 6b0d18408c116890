"""Routes of read models: events that they are to pass by, whoever folds them."""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field, StringConstraints

from muniment.api.dependencies import Dependencies, Deps
from muniment.api.operation_reads import answers as told
from muniment.api.operations.docs import order_docs
from muniment.api.operations.ordering import Order
from muniment.api.operations.routes import declared
from muniment.api.problems.problem import Problem
from muniment.api.texts import Reason
from muniment.projections.registry import PROJECTIONS, projection
from muniment.schemas.record import Position
from muniment.schemas.replays import SkipEvent, UnskipEvent

router = APIRouter(prefix="/v1", tags=["operations"])
ProjectionName = Annotated[str, Path(alias="projection", pattern="^[^/\x00]{1,100}$", examples=["documents"])]
Place = Annotated[
    str, StringConstraints(max_length=250, pattern=r"^muniment\.[a-z0-9_.]{1,200}:[0-9]{1,9}:[0-9]{1,18}$")
]


class EventAt(Reason):
    """An event by its place on the log, and why."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"place": "muniment.documents:3:1042", "reason": "written by a broken tool"}]},
    )

    place: Place = Field(description="`topic:partition:offset`, as a replay names it")


@router.post(
    "/projections/{projection}/skips",
    status_code=202,
    operation_id="skipEvent",
    summary="Let a read model pass by an event",
    responses=order_docs("not_found"),
)
async def skip_event(*, name: ProjectionName, given: EventAt, deps: Deps, order: Order) -> told.Ordered:
    """In every replay from now on, and in continuous work as long as it has not been folded. It has to be there."""
    known = declared("projection", name, PROJECTIONS)
    await _there(deps, known, Position.parse(given.place))
    return await order(SkipEvent(projection=known, place=given.place, reason=given.reason))


@router.post(
    "/projections/{projection}/unskips",
    status_code=202,
    operation_id="unskipEvent",
    summary="Let a read model fold an event again",
    responses=order_docs("not_found"),
)
async def unskip_event(*, name: ProjectionName, given: EventAt, order: Order) -> told.Ordered:
    """What has passed it by meanwhile folds it in the next replay."""
    command = UnskipEvent(projection=declared("projection", name, PROJECTIONS), place=given.place, reason=given.reason)
    return await order(command)


async def _there(deps: Dependencies, name: str, place: Position) -> None:
    """Refuse a place that the read model folds nothing from, or at which nothing lies: what comes later would be lost.

    Raises:
        Problem: `not_found`, with what is wrong with the place.
        StepFailure: `log_unavailable`.

    """
    assert deps.records is not None, "places need the log"
    if told := projection(name).not_read(place.topic):
        raise Problem("not_found", f"{told}.")
    if await deps.records.at(place) is None:
        raise Problem("not_found", "There is no record at this place of the log.")
