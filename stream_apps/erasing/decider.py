"""What commands about erasures lead to: `decide` and `evolve`. Pure."""

from dataclasses import dataclass, replace
from typing import Literal

from muniment.schemas.erasures import (
    ConfirmErasure,
    ErasureCommandRejected,
    ErasureConfirmed,
    ErasureRejected,
    ErasureRequested,
    RejectErasure,
    RequestErasure,
)

Command = RequestErasure | ConfirmErasure | RejectErasure
Decision = ErasureRequested | ErasureConfirmed | ErasureRejected | ErasureCommandRejected
NOT_FOUND = "erasure_not_found"
EXISTS = "erasure_exists"
NOTHING = "nothing_to_erase"
DECIDED = "erasure_decided"
SAME_PERSON = "confirmed_by_requester"
RETENTION = "retention"
_WHY = {
    NOT_FOUND: "there is no such erasure",
    EXISTS: "there is an erasure of this id",
    NOTHING: "it names neither a subject nor a document",
    DECIDED: "it was confirmed or rejected before",
    SAME_PERSON: "somebody else than the one who asked has to confirm it",
}


@dataclass(frozen=True, slots=True)
class Erasure:
    """What the decider remembers of an erasure. `state`: requested, confirmed, rejected or completed."""

    tenant: str
    requested_by: str
    confirmations: int
    state: Literal["requested", "confirmed", "rejected", "completed"] = "requested"


def decide(command: Command, state: Erasure | None, tenant: str, actor: str, confirmations: int) -> list[Decision]:
    """The facts a command leads to.

    `confirmations` is what this installation asks for; a command may ask for more, and only retention, whose rule was
    agreed on beforehand, for less.
    """
    if isinstance(command, RequestErasure):
        return _request(command, state, confirmations)
    if state is None or state.tenant != tenant:
        return [_rejected(command, NOT_FOUND)]
    if state.state != "requested":
        return [_rejected(command, DECIDED)]
    if isinstance(command, RejectErasure):
        return [ErasureRejected(erasure_id=command.erasure_id, reason=command.reason)]
    if state.requested_by == actor:
        return [_rejected(command, SAME_PERSON)]
    return [ErasureConfirmed(erasure_id=command.erasure_id, reason=command.reason)]


def _request(command: RequestErasure, state: Erasure | None, confirmations: int) -> list[Decision]:
    if state is not None:
        return [_rejected(command, EXISTS)]
    if command.subject is None and not command.document_ids:
        return [_rejected(command, NOTHING)]
    needed = 0 if command.origin == RETENTION else max(command.confirmations, confirmations)
    requested = ErasureRequested(
        erasure_id=command.erasure_id,
        subject=command.subject,
        document_ids=tuple(dict.fromkeys(command.document_ids)),
        reason=command.reason,
        origin=command.origin,
        confirmations=needed,
    )
    if needed:
        return [requested]
    return [requested, ErasureConfirmed(erasure_id=command.erasure_id, reason="no second person is asked for")]


def evolve(state: Erasure | None, event: Decision, tenant: str, actor: str) -> Erasure | None:
    """The state after a decision."""
    match event:
        case ErasureRequested():
            return Erasure(tenant, actor, event.confirmations)
        case ErasureConfirmed() if state is not None:
            return replace(state, state="confirmed")
        case ErasureRejected() if state is not None:
            return replace(state, state="rejected")
        case _:
            return state


def _rejected(command: Command, code: str) -> ErasureCommandRejected:
    name = type(command).__name__
    return ErasureCommandRejected(erasure_id=command.erasure_id, command=name, code=code, reason=_WHY[code])
