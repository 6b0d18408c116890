"""Which dead letters a form is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from muniment.api.console.operations.choice import Choice

WORDS = st.text(alphabet="abcdef0123456789", max_size=12)


@given(st.fixed_dictionaries(dict.fromkeys(("fingerprint", "step", "code"), WORDS)))
def test_a_choice_is_the_same_from_address_to_form(given_):
    """What stands in an address is what the form sends, and nothing else of either counts."""
    choice = Choice.of({**given_, "cursor": "x", "reason": "y"})
    assert Choice.of(choice.fields) == choice
    assert choice.body() == {"selection": {name: value for name, value in given_.items() if value}}


def test_a_single_letter_is_named_and_not_selected():
    """Whatever else stands beside it."""
    order = Choice.of({"letter": "0-1", "fingerprint": "f00d"}).redriving(
        {"reason": "mended", "rate": "2", "canary": ""}
    )
    assert (order.letters, order.rate, order.canary, order.force) == (["0-1"], 2.0, 0, False)


@pytest.mark.parametrize("form", [{"reason": " "}, {"reason": "a", "rate": "0"}, {"reason": "a", "canary": "many"}])
def test_what_is_out_of_bounds_is_refused(form):
    """As the routes refuse it."""
    with pytest.raises(ValidationError):
        Choice(fingerprint="f00d").redriving(form)


def test_a_discard_carries_the_number_that_was_seen():
    """Without one, none was."""
    assert Choice(code="x").discarding({"reason": "a test", "confirmed": "120"}).confirmed == 120
    assert Choice(code="x").discarding({"reason": "a test"}).confirmed == 0
