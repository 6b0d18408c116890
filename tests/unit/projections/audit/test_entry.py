"""The trail's rows."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from muniment.projections.audit.entry import entry_of
from muniment.schemas.audit import HOUSE, AuditedTopicChanged, AuditedTopicRestored
from muniment.schemas.codec import Envelope
from muniment.schemas.metadata import Metadata
from muniment.schemas.operations import StepResumed
from muniment.schemas.record import Record


def envelope(event, actor="process:watch"):
    """The event as it was read from the log."""
    meta = Metadata(uuid4(), HOUSE, uuid4(), uuid4(), datetime.now(UTC), "muniment.watch", actor=actor)
    return Envelope(event, meta, Record("muniment.audit", b"k", b"", (), 2, 41))


def test_what_the_broker_did_is_an_entry_too():
    """With the place, what was declared and what was found."""
    place = {"topic": "muniment.documents", "partition": 3, "setting": "log.start"}
    row = entry_of(envelope(AuditedTopicChanged(**place, declared="0", found="7")))
    assert (row.action, row.outcome, row.entity, row.kind) == ("topic.changed", "failed", "muniment.documents", "topic")
    assert row.reason == "muniment.documents:3 log.start: 0 -> 7"
    assert (row.partition, row.offset, row.tenant, row.actor) == (2, 41, HOUSE, "process:watch")


@pytest.mark.parametrize(
    ("accepted", "reason", "action", "said"),
    [(False, "", "topic.restored", "as declared again"), (True, "a lost disk", "topic.accepted", "a lost disk")],
)
def test_the_end_of_an_alarm_says_how_it_ended(accepted, reason, action, said):
    """Mended, or accepted by somebody who says why."""
    event = AuditedTopicRestored(topic="t", partition=-1, setting="retention.ms", accepted=accepted, reason=reason)
    row = entry_of(envelope(event, "cli:ann"))
    assert (row.action, row.outcome, row.actor) == (action, "done", "cli:ann")
    assert row.reason == f"t retention.ms: {said}"


def test_another_event_is_no_entry():
    """Said loudly, for it would be a fault of ours."""
    with pytest.raises(TypeError, match="StepResumed"):
        entry_of(envelope(StepResumed(step="embedding", by="probe", reason="")))
