"""From an operator's request to a command on the log: who, what and why are on the record before anything happens."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from muniment.api.access import Operator
from muniment.api.dependencies import Deps
from muniment.api.idempotency.ids import new_job_id
from muniment.api.operation_reads.answers import Ordered
from muniment.api.position import HEADER, to_token
from muniment.api.publishing import publish
from muniment.schemas.event import Event
from muniment.schemas.metadata import NORMAL


class Ordering:
    """What every route of a command of operators does: publish it, and answer 202 with where its decision will be."""

    def __init__(self, request: Request, response: Response, deps: Deps, who: Operator) -> None:
        self._request, self._response = request, response
        self._deps, self._who = deps, who

    async def __call__(self, command: Event, *, owner: UUID | None = None) -> Ordered:
        """Publish it; returns once the broker has confirmed it. `owner`: see `publish`.

        Raises:
            StepFailure: `log_unavailable`, `database_unavailable`, `record_too_large`, and `key_destroyed` for an edit.

        """
        operation_id = new_job_id()
        traceparent = self._request.state.traceparent
        # In no lane but the normal one: commands of operators keep one order.
        position = await publish(
            self._deps, self._who, command, operation_id, owner, traceparent=traceparent, lane=NORMAL
        )
        token = to_token([position])
        self._response.headers["Location"] = f"/v1/operations/{operation_id}"
        self._response.headers[HEADER] = token
        return Ordered(operation_id=operation_id, position=token)


Order = Annotated[Ordering, Depends()]
