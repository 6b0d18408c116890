"""Sending dead letters back, or giving them up: look first, confirm what is many, then watch it, and stop it."""

import asyncio
from typing import Any, Literal
from uuid import UUID

from starlette.responses import JSONResponse, Response

from muniment.api.console.checking import checked
from muniment.api.console.operations.acts import REDRIVES, decision, ordering, sent, settled, watched
from muniment.api.console.operations.choice import Choice
from muniment.api.console.operations.letters import LETTERS
from muniment.api.console.view import View, Viewing
from muniment.api.dead_letters import doing, redrives
from muniment.api.dead_letters.requests import CONFIRM_ABOVE, Letters, Redriving
from muniment.api.operation_reads import answers as told
from muniment.api.paging import Cursor
from muniment.api.problems.problem import Problem
from muniment.api.texts import Reason

What = Literal["redrive", "discard"]
_LOOKING = "a look, which does nothing"
"""A dry run needs a reason by its form; it goes nowhere."""


async def plan_redrive(view: Viewing) -> Response:
    """What a redrive would touch, and the form that begins it."""
    return await _plan(view, "redrive")


async def plan_discard(view: Viewing) -> Response:
    """What a discard would touch, and the form that does it."""
    return await _plan(view, "discard")


async def _plan(view: View, what: What, form: dict[str, str] | None = None, wrong: str = "") -> Response:
    given = form if form is not None else dict(view.request.query_params)
    choice = Choice.of(given)
    with checked():
        asked = {"reason": _LOOKING, "force": given.get("force", "")}
        order = choice.redriving(asked) if what == "redrive" else choice.discarding(asked)
    found = await _look(view, order)
    return view.show(
        "operations/plan.html",
        status=422 if wrong else 200,
        what=what,
        choice=choice,
        found=found,
        form=given,
        wrong=wrong,
        confirm_above=CONFIRM_ABOVE,
    )


async def _look(view: View, order: Letters) -> told.DryRun:
    route: Any = doing.redrive if isinstance(order, Redriving) else doing.discard
    answer = await route(given=order, deps=view.deps, who=view.who, order=ordering(view), dry_run=True)
    assert isinstance(answer, JSONResponse)
    return told.DryRun.model_validate_json(bytes(answer.body))


async def redrive(view: Viewing) -> Response:
    """Begin a redrive, and go to where it is watched."""
    form = dict(await sent(view))
    with checked():
        order = Choice.of(form).redriving(form)
    done = await _ordered(view, "redrive", order, form)
    if isinstance(done, Response):
        return done
    return await watched(view, done)


async def discard(view: Viewing) -> Response:
    """Give up on letters, and go back to the causes."""
    form = dict(await sent(view))
    with checked():
        order = Choice.of(form).discarding(form)
    done = await _ordered(view, "discard", order, form)
    return done if isinstance(done, Response) else await settled(view, done, LETTERS)


async def _ordered(view: View, what: What, order: Letters, form: dict[str, str]) -> told.Ordered | Response:
    """The order as it is on the log; or the form once more, where so many letters want a person's word."""
    route: Any = doing.redrive if what == "redrive" else doing.discard
    try:
        done = await route(given=order, deps=view.deps, who=view.who, order=ordering(view))
    except Problem as problem:
        if problem.code not in {"confirmation_needed", "nothing_selected"}:
            raise
        return await _plan(view, what, form, wrong=problem.code)
    assert isinstance(done, told.Ordered)
    return done


async def show_redrives(view: Viewing, cursor: Cursor = None) -> Response:
    """Redrives, newest first."""
    page = await redrives.list_redrives(deps=view.deps, who=view.who, limit=50, cursor=cursor)
    return view.show("operations/redrives.html", page=page, decision=await decision(view))


async def show_redrive(view: Viewing, redrive_id: UUID) -> Response:
    """One redrive: how far it is, how many failed again, and the form that stops it."""
    return view.show(
        "operations/redrive.html", redrive=await _existing(view, redrive_id), decision=await decision(view)
    )


async def redrive_progress(view: Viewing, redrive_id: UUID) -> Response:
    """Its progress alone, for its page's script."""
    return view.show("operations/redrive_progress.html", redrive=await _existing(view, redrive_id))


async def _existing(view: View, redrive_id: UUID) -> told.Redrive:
    try:
        return await redrives.get_redrive(redrive_id, view.deps, view.who)
    except Problem as problem:
        if problem.code != "not_found":
            raise
    # Another instance may have begun it, and this one not heard of it yet.
    await asyncio.sleep(0.5)
    return await redrives.get_redrive(redrive_id, view.deps, view.who)


async def stop(view: Viewing, redrive_id: UUID) -> Response:
    """Leave the rest of a redrive where it is."""
    with checked():
        given = Reason(reason=(await sent(view)).get("reason", ""))
    done = await redrives.stop_redrive(
        redrive_id=redrive_id, given=given, deps=view.deps, who=view.who, order=ordering(view)
    )
    return await settled(view, done, f"{REDRIVES}/{redrive_id}")
