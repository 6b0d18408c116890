"""Which events projections pass by, as every process folds it from the operations' log."""

from support.operations import said

from muniment.producers.operations.state import OperationsState, fold
from muniment.schemas.replays import EventSkipped, EventUnskipped

PLACE = "muniment.documents:3:17"


def test_an_event_is_passed_by_until_it_is_taken_back() -> None:
    """By the projection that it was said of and by no other; what names no place passes nothing by."""
    state = OperationsState()
    for event in (
        EventSkipped(projection="documents", place=PLACE, reason="broken"),
        EventSkipped(projection="jobs", place="nowhere", reason="broken"),
        EventSkipped(projection="jobs", place="muniment.jobs:0:1", reason="broken"),
    ):
        state = fold(state, event, said())
    assert state.passed_by("documents") == {("muniment.documents", 3, 17)}
    assert state.passed_by("jobs") == {("muniment.jobs", 0, 1)}
    assert state.passed_by("chunks") == frozenset()
    back = EventUnskipped(projection="documents", place=PLACE, reason="mended")
    assert fold(state, back, said()).passed_by("documents") == frozenset()
