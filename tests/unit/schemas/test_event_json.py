"""Events as JSON, and back."""

import json
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.events import events

from muniment.schemas.catalogue import declarations
from muniment.schemas.documents import DocumentDeleted
from muniment.schemas.event_json import NotAnEvent, from_json, redacted_fields, to_json
from muniment.schemas.personal import REDACTED

DECLARED = {d.key: d for d in declarations()}


@pytest.mark.parametrize("key", DECLARED)
# Over a hundred declarations share one way there and back: thousands of examples in all.
@settings(max_examples=30)
@given(data=st.data())
def test_every_event_comes_back_from_json(key: str, data: st.DataObject) -> None:
    """What a person is shown holds all that the record holds."""
    event = data.draw(events(DECLARED[key]))
    text = json.dumps(to_json(event))
    assert from_json(type(event), json.loads(text)) == event


GONE = DocumentDeleted(document_id=uuid4(), version=2, job_id=uuid4(), jobs=(uuid4(),), reason="why")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"version": "2"}, "/version: a whole number is wanted"),
        ({"version": True}, "/version: a whole number is wanted"),
        ({"jobs": "x"}, "/jobs: a list is wanted"),
        ({"jobs": ["x"]}, "/jobs/0: a UUID is wanted"),
        ({"other": 1}, "/other: there is no such field"),
        ({"reason": None}, "/reason: text is wanted"),
    ],
)
def test_what_is_no_event_says_where(change: dict[str, object], where: str) -> None:
    """A field of another type, an unknown one: the path says where, the text never says what was there."""
    with pytest.raises(NotAnEvent) as caught:
        from_json(DocumentDeleted, to_json(GONE) | change)
    assert str(caught.value) == where


def test_a_missing_field_is_named() -> None:
    """A patch that removes a field makes no event."""
    with pytest.raises(NotAnEvent, match=r"^/reason: missing$"):
        from_json(DocumentDeleted, {k: v for k, v in to_json(GONE).items() if k != "reason"})


def test_what_is_gone_is_told() -> None:
    """A field whose key was destroyed reads as redacted, and is listed."""
    gone = DocumentDeleted(document_id=uuid4(), version=2, job_id=uuid4(), jobs=(), reason=REDACTED)
    assert to_json(gone)["reason"] == "[redacted]"
    assert redacted_fields(gone) == ["reason"]
