"""Routes of live streams: Server-sent events of one job, and of all that a tenant has."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from muniment.api.access import Principal, Reader, may_read, right_to_read
from muniment.api.dependencies import Dependencies, Deps
from muniment.api.documents import READ, READ_ONE
from muniment.api.live.frames import refused
from muniment.api.live.hub import Hub
from muniment.api.live.stream import CLOSING_S
from muniment.api.live.watch import Watch
from muniment.api.problems.docs import problems
from muniment.api.problems.problem import Problem, from_validation
from muniment.api.rights import Right, Rights
from muniment.api.texts import Filter
from muniment.api.waiting import caught_up
from muniment.projections.jobs.feed_mark import LONGEST, Mark, from_id
from muniment.schemas.metrics import SSE_RECONNECT_COUNT

HEADER = "Last-Event-ID"
router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
known = caught_up("jobs", may_read)
_REFUSED = problems("too_many_streams", "not_ready")
_LastId = Annotated[
    str | None,
    Header(
        alias=HEADER,
        max_length=LONGEST,
        pattern="^[A-Za-z0-9_-]*$",
        description="The id of the last event that was seen: go on after it",
    ),
]
_EVENTS = """
Events, each with the job as `GET /v1/jobs/{job_id}` shows it: `job` when something changed, `end` when it has ended
(and search sees what it brought). Every such event has an id; a client that comes back with it in `Last-Event-ID`, on
whatever instance, is told exactly what it missed, for three days; after that a `reset` says so, and a snapshot follows.
`queue` tells places in the queue of each lane, of the jobs that are named or else of the first ones, and has no id.
`reconnect` ends a stream whose instance stops; `refused` one whose reader may listen no longer, and says why: the key
was revoked or has expired, the session is over (`unauthorized`), the scope is gone (`forbidden`). A comment every 15
seconds keeps the connection open.
"""


class Running(Protocol):
    """What is sent: `run` writes until it is over, `end` ends it from without."""

    async def run(self, write: Callable[[bytes], Awaitable[None]]) -> None:
        """Send all of it."""
        ...

    def end(self) -> None:
        """Send no more."""
        ...


class Serving(Protocol):
    """What keeps count of open streams."""

    def release(self, stream: Any) -> None:
        """Forget one whose connection has ended."""
        ...


class EventStream(Response):
    """Sends a stream in the request's own task, and notices when the client has left, or may no longer listen."""

    media_type = "text/event-stream"

    def __init__(self, hub: Serving, stream: Running, rights: Rights, right: Right) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._stream = stream
        self._rights = rights
        self._right = right
        self._refused: Problem | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream until it is over, the client has left, or may no longer listen."""
        del scope
        listening = asyncio.create_task(self._client_left(receive))

        async def write(data: bytes) -> None:
            if self._refused is not None:
                # What waited for its turn is nothing for this reader any more.
                raise _RefusedError
            await send({"type": "http.response.body", "body": data, "more_body": True})

        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            with self._rights.held(self._right, self._refuse), suppress(_RefusedError):
                await self._stream.run(write)
            if self._refused is not None:
                async with asyncio.timeout(CLOSING_S):
                    await send({"type": "http.response.body", "body": refused(self._refused), "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            # A reader who takes nothing in: closing the connection is all that can be said to him.
            raise ClientDisconnect from None
        finally:
            self._hub.release(self._stream)
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    def _refuse(self, problem: Problem) -> None:
        self._refused = problem
        self._stream.end()

    async def _client_left(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._stream.end()


class _RefusedError(Exception):
    """The reader may no longer listen."""


def last_id(given: _LastId = None) -> tuple[Mark, str] | None:
    """The mark in `Last-Event-ID`, when there is one."""
    if not given:
        return None
    SSE_RECONNECT_COUNT.inc()
    try:
        return from_id(given), given
    except ValueError:
        raise from_validation(
            [{"loc": (f"header.{HEADER}",), "msg": "not an id of an event of these streams"}]
        ) from None


@router.get(
    "/events",
    operation_id="streamJobs",
    summary="Everything that happens to jobs, as it happens",
    responses=READ | _REFUSED,
    status_code=200,
    response_class=EventStream,
    dependencies=[known],
    description=_EVENTS + "It begins with a `snapshot` of the jobs that have not ended, and never ends by itself.",
)
async def stream_jobs(
    *,
    request: Request,
    deps: Deps,
    who: Reader,
    document_id: Annotated[UUID | None, Query(description="Only jobs of this document")] = None,
    lane: Annotated[Filter | None, Query(description="Only jobs of this lane")] = None,
    job_id: Annotated[
        list[UUID] | None, Query(max_length=100, description="Only these jobs; the snapshot shows ended ones, too")
    ] = None,
    last_event_id: _LastId = None,
) -> Response:
    """See the description."""
    only = frozenset(job_id) if job_id else None
    watch = Watch(who.tenant, job_ids=only, document_id=document_id, lane=lane)
    return _stream(request, deps, who, watch, last_id(last_event_id))


@router.get(
    "/{job_id}/events",
    operation_id="streamJob",
    summary="Everything that happens to one job, until it has ended",
    responses={204: {"description": "The job has ended, and its end was told: there is nothing to come back for"}}
    | READ_ONE
    | _REFUSED,
    status_code=200,
    response_class=EventStream,
    dependencies=[known],
    description=_EVENTS + "It begins with a `snapshot` of the job and ends after its `end`.",
)
async def stream_job(
    job_id: UUID, request: Request, deps: Deps, who: Reader, last_event_id: _LastId = None
) -> Response:
    """See the description."""
    found = await deps.reads.job(who.tenant, job_id)
    if found is None:
        raise Problem("not_found", "There is no such job.")
    hub, mark = _hub(deps), last_id(last_event_id)
    watch = Watch(who.tenant, job_id)
    if mark and found.ended and not await hub.missed(watch, mark[0]):
        return Response(status_code=204)
    return _stream(request, deps, who, watch, mark)


def _stream(
    request: Request, deps: Dependencies, who: Principal, watch: Watch, mark: tuple[Mark, str] | None
) -> EventStream:
    hub, (given, text) = _hub(deps), mark or (None, None)
    return EventStream(hub, hub.open(watch, who.key_id, given, text), deps.rights, right_to_read(request, who))


def _hub(deps: Dependencies) -> Hub:
    if deps.streams is None:
        raise Problem("not_ready", "This instance serves no streams.")
    return deps.streams
