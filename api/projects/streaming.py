"""Route of the live stream of a project."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response

from muniment.api.access import Reader, right_to_read
from muniment.api.dependencies import Deps
from muniment.api.live.hub import Hub
from muniment.api.live.watch import Watch
from muniment.api.problems.docs import problems
from muniment.api.problems.problem import Problem, from_validation
from muniment.api.projects.deciding import projects_of
from muniment.api.projects.described import READ_ONE, existing, known
from muniment.api.projects.following import Following, beginning, place_in
from muniment.api.streams import HEADER, EventStream
from muniment.projections.jobs.feed_mark import LONGEST, from_id
from muniment.schemas.metrics import SSE_RECONNECT_COUNT

router = APIRouter(prefix="/v1/projects", tags=["projects"])
_LastId = Annotated[
    str | None,
    Header(
        alias=HEADER,
        max_length=LONGEST,
        pattern="^((-1|[0-9]{1,18})(~[A-Za-z0-9_-]*)?)?$",
        description="The id of the last event that was seen: go on after it",
    ),
]
_ABOUT = """
It begins with the `project` as it is, and a `snapshot` of the jobs of its documents that have not ended. Then
`happened` tells each fact about the project, its episodes and drafts, in the order of the log and without texts, and
`job` and `end` what becomes of the jobs of its documents, as on `GET /v1/jobs/events`. A document that comes in brings
its newest job as it is, just before the fact and without an id of its own. Every other such event has an id that says
how much of both was told: a client that comes back with it in `Last-Event-ID`, on whatever instance, is told what it
missed. The stream ends with the project, and with `refused` when its reader may listen no longer.
"""


@router.get(
    "/{project_id}/events",
    operation_id="streamProject",
    summary="Everything that happens to a project, as it happens",
    responses=READ_ONE | problems("too_many_streams", "not_ready"),
    status_code=200,
    response_class=EventStream,
    dependencies=[known],
    description=_ABOUT,
)
async def stream_project(
    project_id: UUID, request: Request, deps: Deps, who: Reader, last_event_id: _LastId = None
) -> Response:
    """See the description."""
    await existing(deps, who, project_id)
    if deps.streams is None or deps.project_news is None:
        raise Problem("not_ready", "This instance serves no streams.")
    after, mark, mark_id = _place(last_event_id)
    reads = projects_of(deps)
    whose = (who.tenant, project_id)
    place, members = await beginning(reads, whose, after)
    watch = Watch(who.tenant, project_id=project_id, members=members)
    jobs = deps.streams.open(watch, who.key_id, mark, mark_id)
    following = Following(reads, deps.project_news, whose, jobs=jobs, members=members, after=place, fresh=after is None)
    return EventStream(_Counted(deps.streams), following, deps.rights, right_to_read(request, who))


class _Counted:
    """A reader of a project counts as one stream: that of the jobs inside."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def release(self, stream: Any) -> None:
        """See `Hub.release`."""
        self._hub.release(stream.jobs)


def _place(given: str | None) -> tuple[int | None, Any, str | None]:
    """How much a reader was told: of the project, of jobs, and that again as it is written."""
    if not given:
        return None, None, None
    SSE_RECONNECT_COUNT.inc()
    try:
        after, mark_id = place_in(given)
        return after, from_id(mark_id) if mark_id else None, mark_id
    except ValueError:
        raise from_validation(
            [{"loc": (f"header.{HEADER}",), "msg": "not an id of an event of these streams"}]
        ) from None
