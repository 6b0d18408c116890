"""Every way to fail has a policy."""

import pytest

from muniment.schemas.error_codes import CATEGORIES, POLICIES, ErrorCode, Policy


@pytest.mark.parametrize("code", ErrorCode)
def test_every_code_says_what_is_to_be_done(code: ErrorCode) -> None:
    """A code without a policy would leave a record in limbo; its value is its name, in lower case."""
    assert code in POLICIES, f"give {code.name} a policy in error_codes.py"
    assert code.value == code.name.lower()


@pytest.mark.parametrize("policy", Policy)
def test_every_policy_has_a_category_of_its_own_and_a_use(policy: Policy) -> None:
    """An operator sorts dead letters by category: each means one thing."""
    assert policy in CATEGORIES
    assert policy in POLICIES.values()
    assert list(CATEGORIES.values()).count(CATEGORIES[policy]) == 1


@pytest.mark.parametrize("code", [code for code in ErrorCode if code.value.endswith("_unavailable")])
def test_what_is_away_uses_up_no_attempts(code: ErrorCode) -> None:
    """Whatever it is: with attempts to lose, minutes without a blob store would bury every document in hand."""
    assert POLICIES[code] in {Policy.OUTAGE, Policy.BLOCK}
