"""The trail as a page: who did what, and what they were shown. Reading it is an entry in it, too."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from muniment.api import audit
from muniment.api.console.view import HEADERS, Viewing
from muniment.api.paging import Cursor
from muniment.api.problems.problem import from_validation
from muniment.projections.audit.queries import AuditFilter
from muniment.schemas.audit import Outcome

LIMIT = 50
Text = Annotated[str, Query(max_length=200, pattern="^[^\x00]*$")]


async def show_trail(
    *,
    view: Viewing,
    actor: Text = "",
    action: Text = "",
    entity: Text = "",
    document: Text = "",
    outcome: Text = "",
    cursor: Cursor = None,
) -> Response:
    """Entries, newest first, narrowed to somebody, to what was done, to a thing or to how it ended."""
    wanted = _wanted(actor, action, entity, document, outcome)
    page = await audit.list_audit(
        deps=view.deps, who=view.who, wanted=wanted, tenant="both", limit=LIMIT, cursor=cursor
    )
    given = {"actor": actor, "action": action, "entity": entity, "document": document, "outcome": outcome}
    return view.show(
        "audit/trail.html",
        page=page,
        given=given,
        kept={name: value for name, value in given.items() if value},
        cursor=cursor,
        outcomes=[str(one) for one in Outcome],
    )


async def export_trail(
    *,
    view: Viewing,
    actor: Text = "",
    action: Text = "",
    entity: Text = "",
    document: Text = "",
    outcome: Text = "",
) -> Response:
    """All entries that are wanted, as JSON lines in a file."""
    wanted = _wanted(actor, action, entity, document, outcome)
    answer = await audit.export_audit(deps=view.deps, who=view.who, wanted=wanted, tenant="both")
    answer.headers.update({**HEADERS, "Content-Disposition": 'attachment; filename="trail.jsonl"'})
    return answer


def _wanted(actor: str, action: str, entity: str, document: str, outcome: str) -> AuditFilter:
    return AuditFilter(
        actor=actor or None,
        action=action or None,
        entity=entity or None,
        document_id=_id(document),
        outcome=outcome or None,
    )


def _id(text: str) -> UUID | None:
    try:
        return UUID(text.strip()) if text.strip() else None
    except ValueError:
        raise from_validation([{"loc": ("query.document",), "msg": "not an id"}]) from None
