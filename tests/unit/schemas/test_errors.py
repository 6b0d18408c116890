"""The one hierarchy of errors."""

import pickle

import pytest

from muniment.schemas.error_codes import POLICIES, ErrorCode, Policy
from muniment.schemas.errors import MunimentError, Refused, StepFailure

REFUSALS = [c for c, p in POLICIES.items() if p is Policy.REFUSE]


@pytest.mark.parametrize("code", ErrorCode)
def test_only_a_documents_own_fault_refuses_it(code: ErrorCode) -> None:
    """`Refused` with any other code is a mistake in the program."""
    if code in REFUSALS:
        assert Refused(code, "why").code is code
    else:
        with pytest.raises(ValueError, match="refuse"):
            Refused(code, "why")


@pytest.mark.parametrize(
    "error",
    [
        StepFailure(ErrorCode.UNEXPECTED, "why"),
        StepFailure(ErrorCode.PROVIDER_RATE_LIMITED, "slow down", retry_after_s=12.5),
        Refused(ErrorCode.TOO_LARGE, "why"),
    ],
)
def test_an_error_survives_its_way_out_of_a_child_process(error: MunimentError) -> None:
    """Extraction runs in another process: code, detail and waiting time come back through pickle."""
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert (back.code, back.detail, str(back)) == (error.code, error.detail, str(error))
    assert getattr(back, "retry_after_s", None) == getattr(error, "retry_after_s", None)
