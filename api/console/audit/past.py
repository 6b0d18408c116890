"""The list of documents as it was at a moment of the past."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from muniment.api import documents
from muniment.api.as_of import time_of
from muniment.api.console.audit.scopes import also
from muniment.api.console.audit.windows import STEPS, WINDOWS, Place, placed
from muniment.api.console.view import View, Viewing
from muniment.api.keys import Scope
from muniment.api.paging import Cursor
from muniment.api.problems.problem import from_validation

LIMIT = 25
Window = Annotated[str, Query(pattern=f"^({'|'.join(WINDOWS)})$")]
At = Annotated[str, Query(max_length=40)]
Until = Annotated[str, Query(max_length=40)]
Step = Annotated[int | None, Query(ge=0, le=STEPS)]


async def show_past(
    *, view: Viewing, at: At = "", window: Window = "day", until: Until = "", step: Step = None, cursor: Cursor = None
) -> Response:
    """Documents as they were at a moment: one that was named, or where the slider stands."""
    also(view, Scope.DOCUMENTS_READ)
    place, moment = _place(view, at, window, until, step)
    then = time_of(moment.isoformat())
    assert then is not None, "a time as this program writes it"
    page = await documents.list_documents(who=view.who, reads=view.reads.as_of(then), limit=LIMIT, cursor=cursor)
    view.shown(page)
    return view.show(
        "audit/past_documents.html" if view.partial else "audit/past.html",
        page=page,
        place=place,
        moment=moment,
        windows=WINDOWS,
        steps=STEPS,
        cursor=cursor,
    )


def _place(view: View, at: str, window: str, until: str, step: int | None) -> tuple[Place, datetime]:
    """Where the slider stands, and the moment; a time that was typed in counts as it is."""
    end = _time(until, "query.until") or view.now
    if step is not None:
        place = Place(window, end, step)
        return place, place.at
    given = _time(at, "query.at")
    if given is not None and given > view.now:
        raise from_validation([{"loc": ("query.at",), "msg": "lies in the future: what will be there is not known"}])
    place = placed(given, window, end)
    return place, given or place.at


def _time(text: str, where: str) -> datetime | None:
    """A time as a form sends it; one without a zone is UTC, as the page says."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise from_validation([{"loc": (where,), "msg": "there is no such time"}]) from None
