"""Forgetting a document: always decided, and nothing from before it comes back."""

from uuid import UUID

import pytest

from muniment.schemas.commands import CancelJob, DeleteDocument, EraseDocument, SubmitDocument, SubmitUrl
from muniment.schemas.documents import CommandRejected, DocumentErased, DocumentSubmitted
from muniment.schemas.personal import REDACTED
from muniment.stream_apps.deciding.decider import ERASED, OVERTAKEN, Command, decide, evolve
from muniment.stream_apps.deciding.state import Asked, Content, State
from muniment.stream_apps.deciding.stored import to_json

DOCUMENT, ERASURE = UUID(int=100), UUID(int=200)
JOB, OTHER = UUID(int=1), UUID(int=2)
ERASE = EraseDocument(document_id=DOCUMENT, erasure_id=ERASURE)


def submit() -> SubmitDocument:
    """A submission of some content."""
    return SubmitDocument(
        document_id=DOCUMENT,
        file_name="a.txt",
        title=None,
        metadata={},
        blob="a",
        size_bytes=1,
        source="upload",
        lane="normal",
    )


def erased(state: State, offset: int = 10) -> State:
    """The state after the document was forgotten."""
    asked = Asked(OTHER, offset=offset)
    decision = decide(ERASE, state, asked)
    assert isinstance(decision, DocumentErased)
    return evolve(state, decision, asked)


def test_what_is_in_work_ends_with_it() -> None:
    """The jobs that have a version in work, and those whose content is being fetched, are named; nothing is refused."""
    state = State(latest=3, active=2, bringing={JOB: 3}, fetching={OTHER: 7}, jobs=(UUID(int=9), JOB))
    assert decide(ERASE, state, Asked(OTHER)) == DocumentErased(
        document_id=DOCUMENT, version=3, erasure_id=ERASURE, jobs=(JOB, OTHER)
    )
    assert decide(ERASE, State(), Asked(OTHER)) == DocumentErased(
        document_id=DOCUMENT, version=0, erasure_id=ERASURE, jobs=()
    )


def test_the_decider_forgets_the_digests_too() -> None:
    """A digest of a name is personal: none is left in the state; version numbers never go back."""
    state = State(latest=2, active=1, content=Content("b", "digest"), pending={2: Content("c", "digest")})
    after = erased(state)
    assert after == State(latest=2, deleted=2, offset=10)
    assert "digest" not in to_json(after)
    assert erased(after) == after


def test_what_was_asked_before_it_comes_too_late() -> None:
    """A submission that lay in a slower lane is rejected; one that was asked for after it is a new life."""
    after = erased(State(latest=2, active=2))
    late = decide(submit(), after, Asked(JOB, offset=9))
    assert isinstance(late, CommandRejected)
    assert late.code == OVERTAKEN
    again = decide(submit(), after, Asked(JOB, offset=11))
    assert isinstance(again, DocumentSubmitted)
    assert again.version == 3


@pytest.mark.parametrize(
    "command",
    [
        SubmitDocument(
            document_id=DOCUMENT,
            file_name=REDACTED,
            title=REDACTED,
            metadata=REDACTED,
            blob="a",
            size_bytes=1,
            source="upload",
            lane="normal",
        ),
        SubmitUrl(document_id=DOCUMENT, url=REDACTED, title=REDACTED, metadata=REDACTED, lane="normal"),
        DeleteDocument(document_id=DOCUMENT, reason=REDACTED),
        CancelJob(document_id=DOCUMENT, job_id=OTHER, reason=REDACTED),
    ],
    ids=lambda c: type(c).__name__,
)
def test_a_command_whose_key_is_gone_is_rejected(command: Command) -> None:
    """What it said cannot be read, so it is answered and leads to nothing: no dead letter for what was asked to go."""
    answer = decide(command, State(latest=1, active=1), Asked(JOB, offset=20, unreadable=True))
    assert isinstance(answer, CommandRejected)
    assert (answer.code, answer.job_id) == (ERASED, JOB)
