"""Names of models: made once, never used twice, and saying where a vector belongs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.schemas.embedding_models import added, dimensions_of, new_name

ENDPOINT_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=100)


@given(ENDPOINT_NAMES, st.integers(1, 4000), st.integers(1, 4))
def test_no_name_is_given_twice(served_as: str, dimensions: int, times: int) -> None:
    """Whatever the endpoint calls its model, and however often it is brought in: a new name that tells the length."""
    taken: list[str] = []
    for _ in range(times):
        taken.append(new_name(served_as, dimensions, taken))
    assert len(set(taken)) == times
    assert all(added(name) and dimensions_of(name) == dimensions for name in taken)


@pytest.mark.parametrize("name", ["e5", "e5#", "e5#0", "e5#12a", "e5#256.", "e5#256.x", "e'5#256", "#256", "e5#99999"])
def test_what_is_no_such_name_is_refused(name: str) -> None:
    """The name becomes part of a table's definition: nothing else may."""
    with pytest.raises(ValueError, match="not the name"):
        dimensions_of(name)
