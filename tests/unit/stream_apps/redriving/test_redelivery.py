"""A dead letter's record on its way back."""

from dataclasses import replace
from uuid import UUID

from support.toy_step import job

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import RetryState, origin_of, redrive_times, retry_state
from muniment.schemas.topics import DLQ, REDELIVERY
from muniment.stream_apps.redriving.redelivery import Leaving, redelivery

ORIGIN = Position("muniment.documents", 3, 14)
LEAVING = Leaving(UUID(int=5), 0, "muniment.dlq:1:2", "indexing", None, None, 1)


def buried(record: Record | None = None) -> Record:
    """A record as the wrapper buries it."""
    state = RetryState("indexing", 5, 2, 1000, 0, ORIGIN, ErrorCode.UNEXPECTED, "x", "f", "t")
    record = (record or job("acme")).with_headers(state.to_headers() | {"retry_program": "0.1", "lane": "bulk"})
    return replace(record.to(DLQ.name), partition=1, offset=2)


def test_attempts_start_anew() -> None:
    """No trace of the failure but the first origin; the envelope and the lane are those of the record."""
    original = buried()
    again = redelivery(original, LEAVING)
    assert again.topic == REDELIVERY["indexing"].name
    assert retry_state(again) is None
    assert origin_of(again) == ORIGIN
    assert again.header("lane") == "bulk"
    assert (again.header("redrive_id"), again.header("redrive_letter")) == (str(UUID(int=5)), "muniment.dlq:1:2")
    assert (again.key, again.value, again.header("ce_id")) == (original.key, original.value, original.header("ce_id"))


def test_the_past_is_counted_not_piled_up() -> None:
    """A letter that was redriven before carries its last redrive only, and how often it was."""
    once = redelivery(buried(), LEAVING)
    twice = redelivery(buried(once), replace(LEAVING, redrive_id=UUID(int=6), letter="muniment.dlq:0:9", times=2))
    assert redrive_times(twice) == 2
    assert [value for name, value in twice.headers if name == "redrive_id"] == [str(UUID(int=6)).encode()]
    assert len(twice.headers) == len(once.headers)


def test_an_edit_takes_the_place_of_the_value() -> None:
    """With the key that it was sealed under; everything else stays."""
    other = job("acme")
    again = redelivery(buried(), replace(LEAVING, edited=other.value, edited_key=UUID(int=9)))
    assert (again.value, again.header("key_id")) == (other.value, str(UUID(int=9)))
    assert again.header("ce_type") == "muniment.DocumentChunked.v1"
