"""What a record that failed carries."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.events import positions, words

from muniment.schemas.error_codes import CATEGORIES, ErrorCode
from muniment.schemas.record import Position, Record
from muniment.schemas.retry_headers import (
    MAX_ERROR_CHARACTERS,
    RetryState,
    redrive_times,
    retry_state,
    sent_from,
    with_origin,
)
from muniment.schemas.topics import REDELIVERY

counts = st.integers(0, 2**40)
states = st.builds(
    RetryState,
    step=words,
    attempt=counts,
    waits=counts,
    first_failed_ms=counts,
    due_ms=counts,
    origin=positions,
    code=st.sampled_from(ErrorCode),
    error=st.text(max_size=MAX_ERROR_CHARACTERS),
    untried_ms=counts,
)
NAMES = ("retry_step", "retry_attempt", "retry_waits", "retry_due_ms", "retry_origin", "retry_code", "retry_error")
STATE = RetryState("fetching", 0, 1, 5, 6, Position("t", 0, 1), ErrorCode.PROVIDER_TIMEOUT, "e")
FRESH = Record("t", b"k", b"v", (("ce_id", b"1"),), 0, 1, 2)


@given(state=states)
def test_a_state_reads_back(state: RetryState) -> None:
    """A record's retry headers hold its whole state, and its category in words."""
    carried = FRESH.with_headers(state.to_headers())
    assert retry_state(carried) == state
    assert carried.header("retry_category") == state.category in CATEGORIES.values()


@given(states=st.lists(states, min_size=1, max_size=5))
def test_a_record_does_not_grow_with_its_failures(states: list[RetryState]) -> None:
    """Only the last state is carried, however often a record went round."""
    record = FRESH
    for state in states:
        record = record.with_headers(state.to_headers())
    assert retry_state(record) == states[-1]
    assert len(record.headers) == len(FRESH.headers) + len(states[-1].to_headers())


@given(state=states, error=st.text(min_size=MAX_ERROR_CHARACTERS, max_size=MAX_ERROR_CHARACTERS + 50))
def test_a_long_error_is_cut(state: RetryState, error: str) -> None:
    """The error never takes more room than it is given."""
    long = RetryState(
        state.step, state.attempt, state.waits, state.first_failed_ms, state.due_ms, state.origin, state.code, error
    )
    assert len(long.to_headers()["retry_error"]) == MAX_ERROR_CHARACTERS


def test_a_record_that_never_failed_has_none() -> None:
    """No headers, no state."""
    assert retry_state(FRESH) is None


@given(headers=st.dictionaries(st.sampled_from(NAMES), st.binary(max_size=9)))
def test_foreign_retry_headers_are_no_state(headers: dict[str, bytes]) -> None:
    """Headers that are not ours raise nothing."""
    retry_state(Record("t", b"", b"", tuple(headers.items())))


def test_a_code_of_a_later_program_is_still_a_state() -> None:
    """While a release is rolled out an old worker moves what a new one sent to wait, and buries none of it."""
    later = FRESH.with_headers({**STATE.to_headers(), "retry_code": "of_tomorrow", "retry_limit": ""})
    assert retry_state(later) == replace(STATE, code=ErrorCode.UNEXPECTED)
    named = FRESH.with_headers({**STATE.to_headers(), "retry_code": "budget_spent", "retry_limit": "of_tomorrow"})
    assert retry_state(named) == replace(STATE, code=ErrorCode.BUDGET_SPENT)


def test_programs_before_it_read_a_used_share_as_a_spent_budget() -> None:
    """They know no such code, and would bury the record as a foreign one; it says both."""
    headers = replace(STATE, code=ErrorCode.SHARE_USED).to_headers()
    assert (headers["retry_code"], headers["retry_limit"]) == ("budget_spent", "share_used")
    assert replace(STATE, code=ErrorCode.BUDGET_SPENT).to_headers()["retry_limit"] == ""


@given(origin=positions)
def test_a_command_is_known_by_where_it_was_sent_to(origin: Position) -> None:
    """Back at its step after a retry, a command still says where it first lay; one that was never sent says nothing."""
    back = with_origin(Record(REDELIVERY["deciding"].name, b"k", b"v", ()), origin)
    assert sent_from(replace(back, partition=0, offset=7)) == origin
    assert sent_from(FRESH) == Position("t", 0, 1)
    assert sent_from(Record("t", b"k", b"v", ())) is None


@pytest.mark.parametrize(
    ("said", "times"), [("1", 1), ("999999", 999_999), ("1000000", 0), ("9" * 30, 0), ("-1", 0), ("x", 0), ("", 0)]
)
def test_times_that_nothing_is_redriven_are_none(said: str, times: int) -> None:
    """A foreign record may say anything of its past; what is kept of it is a small number."""
    headers = (("redrive_id", b"r"), ("redrive_times", said.encode()))
    assert redrive_times(Record("t", b"k", b"v", headers)) == times
