"""What a call says about the service, and how long the pauses are."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.producers.breakers.policy import BreakerLimits, Verdict, pause_s, verdict
from muniment.producers.embedding.embedder import LineTooLong
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


@pytest.mark.parametrize(
    ("code", "found", "before"),
    [
        (ErrorCode.PROVIDER_UNAVAILABLE, Verdict.FAILED, "embedding"),
        (ErrorCode.PROVIDER_TIMEOUT, Verdict.FAILED, "embedding"),
        (ErrorCode.BLOB_UNAVAILABLE, Verdict.FAILED, "blobs"),
        (ErrorCode.FETCH_FAILED, Verdict.FAILED, "fetching"),
        (ErrorCode.PROVIDER_REJECTED, Verdict.ANSWERED, "embedding"),
        (ErrorCode.PROVIDER_AUTH, Verdict.ANSWERED, "embedding"),
        (ErrorCode.BLOB_MISSING, Verdict.ANSWERED, "blobs"),
        (ErrorCode.PROVIDER_RATE_LIMITED, Verdict.BUSY, "embedding"),
        (ErrorCode.DATABASE_UNAVAILABLE, Verdict.NOTHING, "embedding"),
        (ErrorCode.BLOB_UNAVAILABLE, Verdict.NOTHING, "fetching"),
        (ErrorCode.DISK_FULL, Verdict.NOTHING, "embedding"),
    ],
)
def test_only_a_service_that_is_away_has_failed(code: ErrorCode, found: Verdict, before: str) -> None:
    """5xx, time-outs, lost connections; a 4xx shows that it is there, a 429 that it is busy; others say nothing."""
    assert verdict(StepFailure(code, ""), before) is found


def test_what_is_no_failure_of_a_service_says_nothing() -> None:
    """A call that went well was answered; one that was cancelled, or failed in our own code, says nothing."""
    assert verdict(None, "blobs") is Verdict.ANSWERED
    assert verdict(LineTooLong(ErrorCode.PROVIDER_RATE_LIMITED, "our own limit"), "embedding") is Verdict.NOTHING
    assert verdict(asyncio.CancelledError(), "blobs") is verdict(KeyError(), "blobs") is Verdict.NOTHING


@given(st.floats(0, 1e6), st.none() | st.floats(0, 1e6), st.floats(0.1, 100), st.floats(100, 1000))
def test_pauses_grow_and_end(before_s: float, asked_s: float | None, open_s: float, longest_s: float) -> None:
    """Never shorter than the first or than what was asked within reason, never longer than the longest."""
    limits = BreakerLimits(open_s=open_s, longest_s=longest_s)
    found = pause_s(limits, before_s, asked_s)
    assert open_s <= found <= longest_s
    assert found >= min(asked_s or 0, longest_s)
    assert found >= min(before_s * 2, longest_s)
