"""The route of a draft's text as it is being written."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from pydantic import StringConstraints
from pydantic.json_schema import SkipJsonSchema

from muniment.api.access import Reader, right_to_read
from muniment.api.dependencies import Deps
from muniment.api.problems.docs import problems
from muniment.api.problems.problem import Problem
from muniment.api.projects.described import READ_ONE
from muniment.api.script_reads import rows
from muniment.api.script_reads.following import Following, job_key
from muniment.api.scripts.described import existing, known, scripts_of
from muniment.api.streams import HEADER, EventStream
from muniment.projections.scripts.queries import DraftRow
from muniment.schemas.metrics import SSE_RECONNECT_COUNT

router = APIRouter(prefix="/v1/drafts", tags=["scripts"])
# A header that is not there is no `null`, which a client would send as a word.
_LastId = Annotated[
    Annotated[str, StringConstraints(max_length=19, pattern="^[0-9]*$")] | SkipJsonSchema[None],
    Header(
        alias=HEADER,
        description="The id of the last event that was seen: go on after it",
        examples=["1042"],
    ),
]
_EVENTS = """
`snapshot` has the text so far and takes the place of what was shown before: it comes first, and whenever a new try
begins the text anew. `token` has what follows. `end` has the draft as it ended, with its text. The first two have ids;
a client that comes back with one in `Last-Event-ID`, on whatever instance, is told the rest, or a snapshot. `reconnect`
ends a stream whose instance stops, `refused` one whose reader may listen no longer. A comment every 15 seconds keeps
the connection open.
"""


@router.get(
    "/{draft_id}/events",
    operation_id="streamDraft",
    summary="The text of a draft as it is being written",
    responses=READ_ONE | problems("too_many_streams", "not_ready"),
    status_code=200,
    response_class=EventStream,
    dependencies=[known],
    description=_EVENTS,
)
async def stream_draft(
    draft_id: UUID, request: Request, deps: Deps, who: Reader, last_event_id: _LastId = None
) -> Response:
    """See the description."""
    found = await existing(deps, who, draft_id)
    if deps.draft_streams is None:
        raise Problem("not_ready", "This instance serves no streams.")
    if last_event_id:
        SSE_RECONNECT_COUNT.inc()
    streams = deps.draft_streams

    async def look() -> DraftRow | None:
        return await scripts_of(deps).draft(who.tenant, draft_id)

    key, after = job_key(who.tenant, found.draft.job_id), int(last_event_id) if last_event_id else None
    following = Following(streams.memory, deps.codec, key, look=look, ending=_end, after=after)
    return EventStream(streams, streams.open(following, who.key_id), deps.rights, right_to_read(request, who))


def _end(row: DraftRow) -> dict[str, Any]:
    return {**rows.summary(row).model_dump(mode="json"), "text": row.draft.text}
