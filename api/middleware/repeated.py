"""What a repeated request is answered with that its route refuses, while the command of its first try is on the log.

A route looks at how things are before it publishes. What the first try has done, or somebody else since, must not
refuse the repeat: its deletion has deleted, its redrive has taken the letters. The answer is made from the command.
"""

from starlette.responses import JSONResponse, Response

from muniment.api.answers import Answer
from muniment.api.auditing.note import note
from muniment.api.dependencies import Dependencies
from muniment.api.erasures.answers import ErasureOrdered
from muniment.api.idempotency.port import Reserved
from muniment.api.operation_reads.answers import Ordered
from muniment.api.position import HEADER, OUTBOX, position_of, to_token
from muniment.api.projects.deciding import gone, outcome, pending
from muniment.api.script_reads.answers import DraftAccepted
from muniment.schemas.embedding_models import RecordComparison
from muniment.schemas.erasures import ConfirmErasure, RejectErasure, RequestErasure
from muniment.schemas.event import Event
from muniment.schemas.project_commands import DeleteEpisode, DeleteProject
from muniment.schemas.record import Position, Record
from muniment.schemas.script_commands import GenerateDraft
from muniment.schemas.topics import COMMANDS_ERASURES, COMMANDS_OPERATIONS, COMMANDS_PROJECTS

REFUSALS = frozenset({404, 409, 410, 412, 422})
"""What a route says of how things are; who may not ask is refused whatever lies on the log."""
_TOPICS = (COMMANDS_PROJECTS, COMMANDS_OPERATIONS, COMMANDS_ERASURES)
"""Routes of documents look before they refuse."""
_OF_ERASURES = RequestErasure | ConfirmErasure | RejectErasure


async def answer_to_repeat(deps: Dependencies, tenant: str, first: Reserved) -> Response | None:
    """The answer to a repeat of a request whose command is on the log; `None` for one whose command is not.

    Raises:
        Problem: the command was decided against.
        MunimentError: nothing can be said now.

    """
    record = await _command(deps, first) if first.again else None
    if record is None or record.header("tenant") != tenant:
        return None
    command, position = (await deps.codec.decode(record)).event, position_of(record)
    note().asks(command)
    if record.topic == COMMANDS_PROJECTS.name:
        return await _of_project(deps, tenant, command, first, position)
    if isinstance(command, RecordComparison):
        return None  # what was asked for are its figures, and they are not made anew
    token = to_token([position])
    if isinstance(command, _OF_ERASURES):
        where = f"/v1/erasures/{command.erasure_id}"
        return _accepted(ErasureOrdered(erasure_id=command.erasure_id, position=token), token, where)
    where = f"/v1/operations/{first.job_id}"
    return _accepted(Ordered(operation_id=first.job_id, position=token), token, where)


async def _command(deps: Dependencies, first: Reserved) -> Record | None:
    if deps.published is None or deps.records is None:
        return None
    for topic in _TOPICS:
        place = await deps.published(topic.name, first.job_id)
        # In the outbox nothing has been decided on it: whatever the route says is not its doing.
        if place is not None and place.topic != OUTBOX:
            return await deps.records.at(place)
    return None


async def _of_project(deps: Dependencies, tenant: str, command: Event, first: Reserved, position: Position) -> Response:
    """The 204 of a deletion, the draft that is being written, or where the decision is to be found."""
    done = await outcome(deps, tenant, command, first.job_id, position)
    if isinstance(command, DeleteProject | DeleteEpisode):
        return gone(done)
    if isinstance(command, GenerateDraft):
        token = to_token([position])
        told = DraftAccepted(job_id=first.job_id, draft_id=command.draft_id, position=token)
        return _accepted(told, token, f"/v1/jobs/{first.job_id}")
    return pending(done)


def _accepted(told: Answer, token: str, where: str) -> Response:
    return JSONResponse(told.model_dump(mode="json"), 202, headers={HEADER: token, "Location": where})
