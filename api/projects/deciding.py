"""From a request to a decision: publish a command about a project, wait for what was decided, and answer with that.

Used by everything that is decided on `muniment.commands.projects`: projects, episodes and drafts.
"""

from dataclasses import dataclass
from time import monotonic
from typing import Protocol
from uuid import UUID

import structlog
from fastapi import Response
from fastapi.responses import JSONResponse

from muniment.api.access import Principal
from muniment.api.dependencies import Dependencies
from muniment.api.idempotency.ids import new_job_id
from muniment.api.position import HEADER, to_token
from muniment.api.problems.problem import Problem
from muniment.api.project_reads.answers import Decision, Pending
from muniment.api.project_reads.port import ProjectReads
from muniment.api.publishing import publish
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import Event
from muniment.schemas.metadata import LANES
from muniment.schemas.project_commands import DeleteEpisode, DeleteProject
from muniment.schemas.project_rejections import Rejection
from muniment.schemas.record import Position

LOG = structlog.get_logger(__name__)
LANE = LANES[0]
"""Somebody waits for each of these commands; and in one lane those of a project keep their order."""
READ_MODEL = "projects"


class ProjectCommand(Protocol):
    """What commands about projects, episodes and drafts have in common."""

    @property
    def project_id(self) -> UUID:
        """The project."""
        ...


@dataclass(frozen=True, slots=True)
class Decided:
    """A command that the broker has confirmed, and what became of it; `None` when that did not show in time."""

    command_id: UUID
    project_id: UUID
    position: Position
    decision: Decision | None

    @property
    def changed(self) -> bool:
        """Whether it led to anything; not, where all was so already."""
        return self.decision is not None and not self.decision.code


def projects_of(deps: Dependencies) -> ProjectReads:
    """What is read of projects."""
    if deps.projects is None:
        raise Problem("not_found", "This API was made without projects.")
    return deps.projects


async def decided(
    deps: Dependencies,
    who: Principal,
    command: Event,
    traceparent: str,
    *,
    command_id: UUID | None = None,
    also: tuple[str, ...] = (),
) -> Decided:
    """Publish a command and wait, at most as long as reads wait by default, for its decision to show.

    Args:
        deps: The parts.
        who: On whose behalf.
        command: On `muniment.commands.projects`; the data keys that it needs are there.
        traceparent: Of the request.
        command_id: Its id, which is that of its job; a new one, the same for each repeat of a request with a key.
        also: Other read models that have to show it before the caller is answered (`scripts`, `jobs`).

    Raises:
        Problem: It was decided against: the codes of `Rejection`, but for `unchanged`, which is as good as done.
        StepFailure: As `publish`.

    """
    asked = command_id or new_job_id()
    about = {"traceparent": traceparent, "lane": LANE, "project_id": str(_project_of(command))}
    position = await publish(deps, who, command, asked, **about)
    return await outcome(deps, who.tenant, command, asked, position, also=also)


async def outcome(
    deps: Dependencies,
    tenant: str,
    command: Event,
    asked: UUID,
    position: Position,
    *,
    also: tuple[str, ...] = (),
) -> Decided:
    """Wait for what is decided on a command that lies there under the id `asked`.

    Raises:
        Problem: as `decided`.

    """
    project_id = _project_of(command)
    deadline = monotonic() + deps.settings.wait_default_s
    for read_model in (READ_MODEL, *also):
        left = max(0.0, deadline - monotonic())
        if await deps.reads.wait_for(read_model, [position], left) is not None:
            return Decided(asked, project_id, position, None)
    decision = await projects_of(deps).decision(tenant, asked)
    if decision is not None and decision.code not in {"", Rejection.UNCHANGED}:
        raise rejected(decision)
    if decision is not None and deps.idempotency is not None and isinstance(command, DeleteProject | DeleteEpisode):
        gone = command.episode_id if isinstance(command, DeleteEpisode) else project_id
        # The deletion stands in any case; what is not blanked now is gone with its key's time, after a day.
        try:
            await deps.idempotency.blank(tenant, gone)
        except StepFailure as error:
            LOG.warning("kept_answers_not_blanked", project_id=str(project_id), code=str(error.code))
    return Decided(asked, project_id, position, decision)


def _project_of(command: Event) -> UUID:
    found = getattr(command, "project_id")  # noqa: B009 - every one of them has it, their base has not
    assert isinstance(found, UUID)
    return found


def rejected(decision: Decision) -> Problem:
    """The problem that a decision against a command is."""
    what = "draft" if decision.draft_id else "episode" if decision.episode_id else "project"
    headers = {"ETag": etag(decision.revision)} if decision.code == Rejection.REVISION_MISMATCH else {}
    extra = {"command_id": str(decision.command_id), "revision": decision.revision}
    code = "key_destroyed" if decision.code == Rejection.ERASED else decision.code
    return Problem(
        code, _WHY[Rejection(decision.code)].format(what=what, revision=decision.revision), headers=headers, extra=extra
    )


_WHY = {
    Rejection.NOT_FOUND: "There is no such {what}.",
    Rejection.ALREADY_EXISTS: "There is, or was, a {what} with this id.",
    Rejection.REVISION_MISMATCH: "The {what} has revision {revision} by now, not the one that was asked for.",
    Rejection.ARCHIVED: "The {what}, or what it is in, is archived.",
    Rejection.NOT_EMPTY: "The {what} has something in it.",
    Rejection.UNCHANGED: "It is so already.",
    Rejection.TOO_MANY: "The project has as many of these as one may have.",
    Rejection.NOT_IN_PROJECT: "A document that was named is not in the project.",
    Rejection.DRAFT_NOT_READY: "The draft is not written.",
    Rejection.DRAFT_ENDED: "The draft is not being written any more.",
    Rejection.DRAFT_COMMITTED: "The draft is, or was, the episode's script.",
    Rejection.ERASED: "What it is about was forgotten.",
}


def etag(revision: int) -> str:
    """The entity tag of a revision."""
    return f'"{revision}"'


def seen(response: Response, done: Decided, revision: int | None = None) -> None:
    """The headers of an answer to a command: the token, and the tag of what is answered with."""
    response.headers[HEADER] = to_token([done.position])
    if revision is not None:
        response.headers["ETag"] = etag(revision)


def pending(done: Decided) -> Response:
    """The 202 of a command whose decision did not show in time."""
    token = to_token([done.position])
    told = Pending(command_id=done.command_id, project_id=done.project_id, position=token)
    where = f"/v1/projects/{done.project_id}/commands/{done.command_id}"
    return JSONResponse(told.model_dump(mode="json"), 202, headers={HEADER: token, "Location": where})


def gone(done: Decided) -> Response:
    """The 204 of a deletion, or its 202."""
    if done.decision is None:
        return pending(done)
    return Response(status_code=204, headers={HEADER: to_token([done.position])})
