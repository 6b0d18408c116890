"""Values on their way into rows."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.projections.rows import LONGEST_NAME, named, storable

texts = st.text(st.characters(codec="utf-8"))


@given(texts, st.integers(1, 300))
def test_a_name_fits_into_an_index(text: str, times: int) -> None:
    """Whatever a header says: no NUL, and never longer than a name of ours may be; such a name stays as it is."""
    told = named(text * times)
    assert "\0" not in told
    assert len(told.encode()) <= LONGEST_NAME
    if len(storable(text * times).encode()) <= LONGEST_NAME:
        assert told == storable(text * times)


@given(texts, texts)
def test_names_that_differ_stay_apart(one: str, other: str) -> None:
    """Also where both are cut, and begin alike."""
    long = "n" * LONGEST_NAME
    assert (named(long + one) == named(long + other)) is (storable(one) == storable(other))
