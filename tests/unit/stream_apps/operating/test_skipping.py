"""What a command to pass an event by leads to."""

from uuid import uuid4

import pytest

from muniment.schemas.event import Event
from muniment.schemas.operations import OperationRejected
from muniment.schemas.replays import EventSkipped, EventUnskipped, SkipEvent, UnskipEvent
from muniment.stream_apps.operating.decider import Found, decide
from muniment.stream_apps.operating.state import State

PLACE = "muniment.documents:3:17"


def decided(command: SkipEvent | UnskipEvent, *skipped: tuple[str, str]) -> Event:
    """The one event of a decision, while these are skipped."""
    [event] = decide(command, State(), Found(skipped=frozenset(skipped)), uuid4(), "acme")
    return event


def test_an_event_is_skipped_and_taken_back() -> None:
    """The event carries projection, place and reason as they were asked for."""
    said = {"projection": "documents", "place": PLACE, "reason": "written by a broken tool"}
    assert decided(SkipEvent(**said)) == EventSkipped(**said)
    assert decided(UnskipEvent(**said), ("documents", PLACE)) == EventUnskipped(**said)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (SkipEvent(projection="documents", place=PLACE, reason=" "), "reason_missing"),
        (SkipEvent(projection="documents", place="documents/3", reason="x"), "bad_place"),
        (SkipEvent(projection="documents", place="nowhere:0:1", reason="x"), "bad_place"),
        (SkipEvent(projection="documents", place="muniment.documents:0:-1", reason="x"), "bad_place"),
        (SkipEvent(projection="jobs", place=PLACE, reason="x"), "skipped_already"),
        (UnskipEvent(projection="documents", place=PLACE, reason="x"), "not_skipped"),
    ],
)
def test_what_makes_no_sense_is_rejected_with_why(command: SkipEvent | UnskipEvent, code: str) -> None:
    """Nothing changes, and the code says what was wrong."""
    event = decided(command, ("jobs", PLACE))
    assert isinstance(event, OperationRejected)
    assert (event.code, event.about) == (code, command.projection)
