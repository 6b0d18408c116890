"""What a record says about itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import metadata, moments, uuids

from muniment.schemas import example
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.ids import trace_of
from muniment.schemas.metadata import Metadata, from_headers, to_headers, whole_millis
from muniment.schemas.record import Headers, Record

REQUIRED = ("ce_id", "tenant", "correlation_id", "causation_id", "ce_time", "ce_source")


def record(headers: Headers) -> Record:
    """A record with these headers."""
    return Record("t", b"k", b"v", headers)


@given(meta=metadata, key_id=st.none() | uuids)
def test_an_envelope_reads_back_from_its_headers(meta: Metadata, key_id: UUID | None) -> None:
    """Headers hold the whole envelope."""
    headers = to_headers(meta, ce_type="muniment.X.v1", subject="s", key_id=key_id)
    assert from_headers(record(headers)) == meta
    assert record(headers).header("key_id") == (str(key_id) if key_id else None)


def test_headers_are_those_of_cloudevents_and_trace_context() -> None:
    """Binary mode of the Kafka binding: attributes as `ce_*`, the data's type as `content-type`."""
    headers = dict(to_headers(example.metadata("x"), ce_type="muniment.X.v1", subject="doc", key_id=None))
    assert headers["ce_specversion"] == b"1.0"
    assert {"ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "content-type", "traceparent"} <= set(headers)


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_header_is_named(name: str) -> None:
    """Without a required header a record is undecodable, and the error says which one."""
    whole = to_headers(example.metadata("x"), ce_type="t", subject="s", key_id=None)
    with pytest.raises(StepFailure, match=name) as error:
        from_headers(record(tuple((k, v) for k, v in whole if k != name)))
    assert error.value.code is ErrorCode.UNDECODABLE


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ce_id", b"17"),
        ("correlation_id", b""),
        ("causation_id", b"\xff\xfe"),
        ("ce_time", b"yesterday"),
        ("ce_time", b"2026-01-02T03:04:05"),  # whose time?
    ],
)
def test_a_malformed_header_is_named(name: str, text: bytes) -> None:
    """A header that cannot be read makes the record undecodable, and the error says which one."""
    whole = to_headers(example.metadata("x"), ce_type="t", subject="s", key_id=None)
    with pytest.raises(StepFailure, match=name) as error:
        from_headers(record((*whole, (name, text))))
    assert error.value.code is ErrorCode.UNDECODABLE


@given(headers=st.lists(st.tuples(st.sampled_from((*REQUIRED, "actor", "x")), st.binary(max_size=50)), max_size=12))
def test_any_headers_give_an_envelope_or_a_named_failure(headers: list[tuple[str, bytes]]) -> None:
    """Foreign headers never raise anything but `undecodable`."""
    code = None
    try:
        from_headers(record(tuple(headers)))
    except StepFailure as error:
        code = error.code
    assert code in {None, ErrorCode.UNDECODABLE}


@given(meta=metadata, index=st.integers(0, 99), now=moments)
def test_a_repeat_has_the_same_id(meta: Metadata, index: int, now: datetime) -> None:
    """A result's id follows from its cause, step, type and index alone: not from the time."""
    one = meta.caused(step="chunking", event_type="X", index=index, now=now)
    two = meta.caused(step="chunking", event_type="X", index=index, now=now + timedelta(days=1))
    other = meta.caused(step="chunking", event_type="X", index=index + 1, now=now)
    assert one.event_id == two.event_id != other.event_id
    assert (one.causation_id, one.correlation_id, one.tenant) == (meta.event_id, meta.correlation_id, meta.tenant)
    assert trace_of(one.traceparent) == trace_of(meta.traceparent)
    assert one.command_position == ""


def test_times_are_cut_to_what_the_log_holds() -> None:
    """Microseconds are dropped before an event is made, so what was decided equals what reads back."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 678_999, tzinfo=UTC)
    assert whole_millis(moment) == replace_microsecond(moment, 678_000)
    meta = replace(example.metadata("x"), time=whole_millis(moment))
    assert from_headers(record(to_headers(meta, ce_type="t", subject="s", key_id=None))) == meta


def replace_microsecond(moment: datetime, microsecond: int) -> datetime:
    """The moment with other microseconds."""
    return moment.replace(microsecond=microsecond)
