"""From a form to an operator's order, by the very functions of the routes under `/v1`, and what was decided on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from starlette.responses import Response

from muniment.api.console.page import ROOT
from muniment.api.console.view import View
from muniment.api.operation_reads import answers as told
from muniment.api.operations import routes as operations
from muniment.api.operations.ordering import Ordering
from muniment.api.position import from_token
from muniment.api.problems.problem import Problem
from muniment.api.waiting import not_behind

REDRIVES = f"{ROOT}/operations/redrives"
WAIT_S = 4.0
"""How long a decision is waited for before the page is shown; after that the page asks for it."""
OPERATION = "operation"
"""The parameter by which a page is told what was ordered on it last."""
_READ_MODELS = ("operations", "dead_letters")


@dataclass(frozen=True, slots=True)
class Decision:
    """What became of an order: `outcome` is `None` as long as nothing was decided."""

    operation_id: UUID
    outcome: told.Outcome | None


async def sent(view: View) -> Mapping[str, str]:
    """The fields of the form that the page was sent, trimmed; files are none of ours."""
    form = await view.request.form()
    return {name: value.strip() for name, value in form.items() if isinstance(value, str)}


def ordering(view: View) -> Ordering:
    """The way of an order of whoever looks at a page onto the log."""
    return Ordering(view.request, Response(), view.deps, view.who)


async def settled(view: View, done: told.Ordered, back: str) -> Response:
    """Wait a moment for the decision, then go back to a page, which tells it."""
    for name in _READ_MODELS:
        try:
            await not_behind(view.deps, name, from_token(done.position), WAIT_S)
        except Problem:
            break  # the page asks until it is there
    return view.go(f"{back}{'&' if '?' in back else '?'}{OPERATION}={done.operation_id}")


async def watched(view: View, done: told.Ordered) -> Response:
    """Wait for the redrive that an order begins, and go to where it is watched; to the list while it is undecided."""
    try:
        await not_behind(view.deps, "operations", from_token(done.position), WAIT_S)
        found = await view.reads.outcome(view.tenant, done.operation_id)
    except Problem:
        found = []
    begun = next((one.about for one in found if one.kind == "redrive_started"), None)
    return view.go(f"{REDRIVES}/{begun}") if begun else await settled(view, done, REDRIVES)


async def decision(view: View) -> Decision | None:
    """What was decided on the order that the page was told of; `None` when it was told of none."""
    given = view.request.query_params.get(OPERATION, "")
    try:
        operation_id = UUID(given)
    except ValueError:
        return None
    return await decided(view, operation_id)


async def decided(view: View, operation_id: UUID) -> Decision:
    """What was decided on an order."""
    try:
        return Decision(operation_id, await operations.get_operation(operation_id, view.deps, view.who))
    except Problem as problem:
        if problem.code != "not_found":
            raise
        return Decision(operation_id, None)
