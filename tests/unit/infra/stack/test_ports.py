"""Which port a part gets."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.infra.stack.ports import PortTakenError, choose


def counter() -> Iterator[int]:
    yield from range(40_000, 50_000)


def test_a_port_that_was_set_is_taken() -> None:
    """And the rest is chosen around it."""
    new = iter([8080, 8080, 9])
    found = choose({"a": 0, "b": 8080}, {}, free=lambda _: True, new=lambda: next(new))
    assert found == {"a": 9, "b": 8080}


def test_a_port_that_was_set_and_is_in_use_is_an_error() -> None:
    """Quietly taking another would leave somebody waiting at the first."""
    with pytest.raises(PortTakenError, match="MUNIMENT_A_PORT"):
        choose({"a_port": 8080}, {}, free=lambda _: False)


def test_two_settings_cannot_have_the_same_port() -> None:
    """Found before anything starts."""
    with pytest.raises(PortTakenError):
        choose({"a": 8080, "b": 8080}, {}, free=lambda _: True)


def test_the_port_of_last_time_is_taken_again() -> None:
    """Addresses that people wrote down stay right."""
    assert choose({"a": 0}, {"a": 7}, free=lambda _: True, new=lambda: 8) == {"a": 7}


def test_a_port_of_last_time_that_is_in_use_is_replaced() -> None:
    """Somebody else has it now."""
    assert choose({"a": 0}, {"a": 7}, free=lambda port: port != 7, new=lambda: 8) == {"a": 8}


@given(before=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 5)))
def test_all_ports_are_different(before: dict[str, int]) -> None:
    """Whatever was remembered."""
    numbers = counter()
    found = choose(dict.fromkeys("abcd", 0), before, free=lambda _: True, new=lambda: next(numbers))
    assert len(set(found.values())) == 4
