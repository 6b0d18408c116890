"""Routes of redrives."""

from uuid import UUID

from fastapi import APIRouter

from muniment.api.access import Operator, may_operate
from muniment.api.dependencies import Deps
from muniment.api.operation_reads import answers as told
from muniment.api.operations.docs import READ, READ_ONE, order_docs
from muniment.api.operations.ordering import Order
from muniment.api.paging import Cursor, Limit, listed
from muniment.api.problems.problem import Problem
from muniment.api.texts import Reason
from muniment.api.waiting import caught_up
from muniment.schemas.operation_commands import StopRedrive

router = APIRouter(prefix="/v1/redrives", tags=["dead letters"])
known = caught_up("operations", may_operate)


@router.get(
    "", operation_id="listRedrives", summary="List redrives, newest first", responses=READ, dependencies=[known]
)
async def list_redrives(*, deps: Deps, who: Operator, limit: Limit = 50, cursor: Cursor = None) -> told.Redrives:
    """Who sent what back, why, and what came of it."""
    page = await listed(deps.reads.redrives(who.tenant, limit=limit, cursor=cursor))
    return told.Redrives(items=page.items, next_cursor=page.next_cursor)


@router.get("/{redrive_id}", operation_id="getRedrive", summary="One redrive", responses=READ_ONE, dependencies=[known])
async def get_redrive(redrive_id: UUID, deps: Deps, who: Operator) -> told.Redrive:
    """How far it is: letters sent, failed again, left."""
    return await _existing(deps, who, redrive_id)


@router.post(
    "/{redrive_id}/stop",
    status_code=202,
    operation_id="stopRedrive",
    summary="Leave the rest of a redrive where it is",
    responses=order_docs("not_found", "read_model_behind"),
    dependencies=[known],
)
async def stop_redrive(*, redrive_id: UUID, given: Reason, deps: Deps, who: Operator, order: Order) -> told.Ordered:
    """Letters that are back at their steps stay there; the others wait as before."""
    await _existing(deps, who, redrive_id)
    command = StopRedrive(redrive_id=redrive_id, reason=given.reason)
    return await order(command)


async def _existing(deps: Deps, who: Operator, redrive_id: UUID) -> told.Redrive:
    found = await deps.reads.redrive(who.tenant, redrive_id)
    if found is None:
        raise Problem("not_found", "There is no such redrive.")
    return found
