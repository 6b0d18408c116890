"""Pages of steps, breakers and flags: what the whole house runs by, and turning it."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from muniment.api.console.checking import checked
from muniment.api.console.operations.acts import decision, ordering, sent, settled
from muniment.api.console.page import ROOT
from muniment.api.console.view import View, Viewing
from muniment.api.operation_reads import answers as told
from muniment.api.operations import routes as operations
from muniment.api.operations.requests import FlagValue
from muniment.api.operations.routes import BreakerName, FlagName, StepName
from muniment.api.paging import Cursor
from muniment.api.texts import Reason
from muniment.projections.operations.entry import KINDS
from muniment.schemas.topics import NOT_HALTABLE

STEPS, FLAGS = f"{ROOT}/operations/steps", f"{ROOT}/operations/flags"


async def show_steps(view: Viewing) -> Response:
    """Every step and every breaker, with what can be done about each."""
    steps = await operations.list_steps(view.deps, view.who)
    breakers = await operations.list_breakers(view.deps, view.who)
    return view.show(
        "operations/steps.html",
        steps=steps.items,
        breakers=breakers.items,
        decision=await decision(view),
        not_haltable=NOT_HALTABLE,
    )


async def halt(view: Viewing, name: StepName) -> Response:
    """Let a step take no more records."""
    return await _switched(view, partial(operations.halt_step, deps=view.deps), name)


async def resume(view: Viewing, name: StepName) -> Response:
    """Let a halted step go on."""
    return await _switched(view, partial(operations.resume_step, deps=view.deps), name)


async def reset(view: Viewing, name: BreakerName) -> Response:
    """Close a breaker."""
    return await _switched(view, partial(operations.reset_breaker, deps=view.deps), name)


_KINDS = tuple(kind for kind in KINDS.values() if kind != "redriven")
"""What can be asked for of the record: single letters of redrives are not in it."""


async def _switched(view: View, switch: Callable[..., Awaitable[told.Ordered]], name: str) -> Response:
    with checked():
        given = Reason(reason=(await sent(view)).get("reason", ""))
    done = await switch(name=name, given=given, order=ordering(view))
    return await settled(view, done, STEPS)


async def show_flags(view: Viewing) -> Response:
    """Every flag: what it is, what it means, and who set it last."""
    found = await operations.list_flags(view.deps, view.who)
    return view.show("operations/flags.html", flags=found.items, decision=await decision(view))


async def show_flag(view: Viewing, name: FlagName) -> Response:
    """A flag with its history, and the form that sets it."""
    found = await operations.get_flag(name, view.deps, view.who)
    return view.show("operations/flag.html", flag=found, decision=await decision(view))


async def set_flag(view: Viewing, name: FlagName) -> Response:
    """Set a flag to what the form says."""
    form = await sent(view)
    with checked():
        given = FlagValue(value=form.get("value") == "on", reason=form.get("reason", ""))
    done = await operations.set_flag(name=name, given=given, order=ordering(view))
    return await settled(view, done, f"{FLAGS}/{name}")


async def show_record(
    view: Viewing, kind: Annotated[str, Query(max_length=40)] = "", cursor: Cursor = None
) -> Response:
    """What operators, brakes and breakers did, newest first."""
    page = await operations.list_operations(deps=view.deps, who=view.who, kind=kind or None, limit=50, cursor=cursor)
    return view.show("operations/record.html", page=page, kind=kind, kinds=_KINDS, decision=await decision(view))
