"""Pages of dead letters: by cause, one by one, and what a record holds; discarding and editing them."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Query
from pydantic import ValidationError
from starlette.responses import Response

from muniment.api.answers import DeadLetter
from muniment.api.console.operations.acts import decision, ordering, sent, watched
from muniment.api.console.operations.choice import Choice
from muniment.api.console.page import ROOT
from muniment.api.console.view import View, Viewing
from muniment.api.dead_letters import doing, reading
from muniment.api.dead_letters.reading import LetterPath
from muniment.api.dead_letters.requests import Edit
from muniment.api.keys import Scope
from muniment.api.paging import Cursor
from muniment.api.problems.problem import from_validation
from muniment.projections.dead_letters.fate import DISCARDABLE, QUARANTINED, REDRIVABLE, STATUSES
from muniment.projections.dead_letters.queries import DeadLetterFilter

LETTERS = f"{ROOT}/operations/dead-letters"
LIMIT = 50
Text = Annotated[str, Query(max_length=200, pattern="^[^\x00]*$")]


async def show_groups(view: Viewing, every: bool = False) -> Response:
    """Dead letters by cause: those with any that still wait for somebody, or all."""
    found = await reading.list_groups(deps=view.deps, who=view.who, wanted=DeadLetterFilter())
    waiting = [group for group in found.items if open_in(group.by_status)]
    return view.show(
        "operations/groups.html",
        groups=found.items if every else waiting,
        settled=len(found.items) - len(waiting),
        every=every,
        open_in=open_in,
        decision=await decision(view),
    )


def open_in(by_status: Mapping[str, int]) -> int:
    """How many of a group wait for somebody to decide on them."""
    return sum(by_status.get(status, 0) for status in DISCARDABLE)


async def show_letters(
    *, view: Viewing, fingerprint: Text = "", step: Text = "", code: Text = "", status: Text = "", cursor: Cursor = None
) -> Response:
    """Single letters, newest first, narrowed to a cause, a step, a code or a state."""
    wanted = DeadLetterFilter(
        fingerprint=fingerprint or None, step=step or None, code=code or None, statuses=(status,) if status else None
    )
    page = await reading.list_dead_letters(deps=view.deps, who=view.who, wanted=wanted, limit=LIMIT, cursor=cursor)
    choice = Choice(fingerprint=fingerprint, step=step, code=code, status=status)
    return view.show(
        "operations/letters.html", page=page, choice=choice, statuses=STATUSES, decision=await decision(view)
    )


async def show_letter(view: Viewing, dead_letter_id: LetterPath) -> Response:
    """One letter: where it came from, why it failed, what became of it, and what can be done."""
    letter = await reading.get_dead_letter(dead_letter_id, view.deps, view.who)
    return view.show("operations/letter.html", **_letter(view, letter), decision=await decision(view))


def _letter(view: View, letter: DeadLetter, **more: Any) -> dict[str, Any]:
    may = view.who.allows(Scope.OPERATE)
    return {
        "letter": letter,
        "can_redrive": may and letter.status in {*REDRIVABLE, QUARANTINED},
        "can_discard": may and letter.status in DISCARDABLE,
        "can_edit": may and letter.status in DISCARDABLE and letter.document_id is not None,
        "record": None,
        "content": "",
        "patch": "",
        "wrong": "",
        **more,
    }


async def show_record(view: Viewing, dead_letter_id: LetterPath) -> Response:
    """What the record holds, decoded: it can be personal, so that somebody saw it is on the trail."""
    letter = await reading.get_dead_letter(dead_letter_id, view.deps, view.who)
    record = await doing.get_record(dead_letter_id, view.deps, view.who)
    view.shown(record)
    return view.show(
        "operations/letter.html", **_letter(view, letter, record=record, content=pretty(record.data)), decision=None
    )


async def edit(view: Viewing, dead_letter_id: LetterPath) -> Response:
    """Have a letter read with a patch, and redriven. What is no patch is shown again, with why."""
    form = await sent(view)
    try:
        given = Edit.model_validate({"patch": json.loads(form.get("patch", "")), "reason": form.get("reason", "")})
    except (json.JSONDecodeError, ValidationError) as error:
        letter = await reading.get_dead_letter(dead_letter_id, view.deps, view.who)
        facts = _letter(view, letter, patch=form.get("patch", ""), wrong=_why(error))
        return view.show("operations/letter.html", status=422, **facts, decision=None)
    done = await doing.edit(
        dead_letter_id=dead_letter_id,
        given=given,
        deps=view.deps,
        who=view.who,
        order=ordering(view),
    )
    return await watched(view, done)


def pretty(data: Mapping[str, object]) -> str:
    """JSON as a person reads it."""
    return json.dumps(data, ensure_ascii=False, indent=2)


def _why(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        return from_validation(error.errors()).detail
    return str(error)
