"""Who may have what erased, and who has to agree."""

from uuid import UUID

import pytest

from muniment.schemas.erasures import (
    ConfirmErasure,
    ErasureCommandRejected,
    ErasureConfirmed,
    ErasureRejected,
    ErasureRequested,
    RejectErasure,
    RequestErasure,
)
from muniment.stream_apps.erasing.decider import Command, Erasure, decide, evolve

ID, DOCUMENT = UUID(int=1), UUID(int=2)


def request(**given: object) -> RequestErasure:
    """A request about one document."""
    values: dict[str, object] = {
        "erasure_id": ID,
        "subject": None,
        "document_ids": (DOCUMENT,),
        "reason": "asked by letter",
        "origin": "request",
        "confirmations": 0,
    }
    return RequestErasure(**(values | given))  # type: ignore[arg-type]


def after(*steps: tuple[Command, str], confirmations: int = 0) -> Erasure | None:
    """The state after commands of these actors."""
    state: Erasure | None = None
    for command, actor in steps:
        for event in decide(command, state, "acme", actor, confirmations):
            state = evolve(state, event, "acme", actor)
    return state


CONFIRM = ConfirmErasure(erasure_id=ID, reason="seen")
REJECT = RejectErasure(erasure_id=ID, reason="not ours")


def test_a_request_is_carried_out_at_once_where_nobody_else_has_to_agree() -> None:
    """Requested and confirmed by the same command; the same document named twice counts once."""
    requested, confirmed = decide(request(document_ids=(DOCUMENT, DOCUMENT)), None, "acme", "key:a", 0)
    assert isinstance(requested, ErasureRequested)
    assert requested.document_ids == (DOCUMENT,)
    assert isinstance(confirmed, ErasureConfirmed)


def test_a_second_person_confirms() -> None:
    """Where one is asked for, nothing happens before, and the one who asked cannot be that person."""
    (requested,) = decide(request(), None, "acme", "key:a", 1)
    assert isinstance(requested, ErasureRequested)
    assert requested.confirmations == 1
    state = after((request(), "key:a"), confirmations=1)
    (own,) = decide(CONFIRM, state, "acme", "key:a", 1)
    assert isinstance(own, ErasureCommandRejected)
    assert own.code == "confirmed_by_requester"
    (other,) = decide(CONFIRM, state, "acme", "key:b", 1)
    assert isinstance(other, ErasureConfirmed)


def test_a_request_may_ask_for_more_agreement_than_the_house_does_but_not_for_less() -> None:
    """Only retention, whose rule was agreed on beforehand, needs nobody."""
    assert len(decide(request(confirmations=1), None, "acme", "key:a", 0)) == 1
    assert len(decide(request(confirmations=0), None, "acme", "key:a", 1)) == 1
    assert len(decide(request(origin="retention"), None, "acme", "muniment.retention", 1)) == 2


def test_a_rejected_erasure_stays_rejected() -> None:
    """Nobody can confirm it afterwards."""
    state = after((request(), "key:a"), confirmations=1)
    (rejected,) = decide(REJECT, state, "acme", "key:a", 1)
    assert isinstance(rejected, ErasureRejected)
    (late,) = decide(CONFIRM, evolve(state, rejected, "acme", "key:a"), "acme", "key:b", 1)
    assert isinstance(late, ErasureCommandRejected)
    assert late.code == "erasure_decided"


@pytest.mark.parametrize(
    ("command", "state", "tenant", "code"),
    [
        (CONFIRM, None, "acme", "erasure_not_found"),
        (REJECT, Erasure("acme", "key:a", 1), "other", "erasure_not_found"),
        (CONFIRM, Erasure("acme", "key:a", 1, "completed"), "acme", "erasure_decided"),
        (request(), Erasure("acme", "key:a", 1), "acme", "erasure_exists"),
        (request(document_ids=()), None, "acme", "nothing_to_erase"),
    ],
)
def test_what_cannot_be_is_answered(command: Command, state: Erasure | None, tenant: str, code: str) -> None:
    """Each with its code, and the state stays as it is: another tenant's erasure is one that there is not."""
    (answer,) = decide(command, state, tenant, "key:b", 0)
    assert isinstance(answer, ErasureCommandRejected)
    assert answer.code == code
    assert evolve(state, answer, tenant, "key:b") == state
