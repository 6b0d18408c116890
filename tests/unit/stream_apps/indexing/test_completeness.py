"""When a version is whole."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.stream_apps.indexing.completeness import Tally, whole


@given(embedded=st.integers(0, 50), batches=st.none() | st.integers(0, 50))
def test_whole_is_every_announced_batch(embedded: int, batches: int | None) -> None:
    """Never before the totals are known, and not one batch early."""
    tally = Tally(0, batches, embedded, 0, 0, 0, 0)
    assert whole(tally) == (batches is not None and embedded >= batches)
