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
from muniment.schemas.example import example
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
        ({"version": "2"}, "/version: a whole number of 64 bit is wanted"),
        ({"version": True}, "/version: a whole number of 64 bit is wanted"),
        ({"version": 2**63}, "/version: a whole number of 64 bit is wanted"),
        ({"version": -(2**63) - 1}, "/version: a whole number of 64 bit is wanted"),
        ({"jobs": "x"}, "/jobs: a list is wanted"),
        ({"jobs": ["x"]}, "/jobs/0: a UUID is wanted"),
        ({"other": 1}, "/other: there is no such field"),
        ({"\ud800" * 200: 1}, f"/{'?' * 100}: there is no such field"),
        ({"reason": None}, "/reason: text is wanted"),
        ({"reason": "half a \ud83d"}, "/reason: text is wanted"),
    ],
)
def test_what_is_no_event_says_where(change: dict[str, object], where: str) -> None:
    """A field of another type, an unknown one: the path says where, the text never says what was there."""
    with pytest.raises(NotAnEvent) as caught:
        from_json(DocumentDeleted, to_json(GONE) | change)
    assert str(caught.value) == where


@pytest.mark.parametrize("moment", ["2026-11-23T10:00:00", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"])
def test_a_moment_is_one_everywhere(moment: str) -> None:
    """One without its zone would be another on every machine, and one outside the calendar cannot be read back."""
    signed = next(one for one in map(example, DECLARED.values()) if hasattr(one, "signed_at"))
    with pytest.raises(NotAnEvent, match=r"^/signed_at: a moment with its zone"):
        from_json(type(signed), to_json(signed) | {"signed_at": moment})


def test_a_missing_field_is_named() -> None:
    """A patch that removes a field makes no event."""
    with pytest.raises(NotAnEvent, match=r"^/reason: missing$"):
        from_json(DocumentDeleted, {k: v for k, v in to_json(GONE).items() if k != "reason"})


def test_what_is_gone_is_told() -> None:
    """A field whose key was destroyed reads as redacted, and is listed."""
    gone = DocumentDeleted(document_id=uuid4(), version=2, job_id=uuid4(), jobs=(), reason=REDACTED)
    assert to_json(gone)["reason"] == "[redacted]"
    assert redacted_fields(gone) == ["reason"]
