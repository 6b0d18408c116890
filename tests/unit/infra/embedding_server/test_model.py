"""Cutting a request into runs of like length."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.infra.embedding_server.model import SUB_BATCH_INPUTS, SUB_BATCH_TOKENS, sub_batches

lengths = st.lists(st.integers(2, 512), max_size=60)


@given(lengths)
def test_every_input_is_in_one_run(given_lengths: list[int]) -> None:
    """Nothing is lost and nothing is run twice."""
    assert sorted(index for run in sub_batches(given_lengths) for index in run) == list(range(len(given_lengths)))


@given(lengths)
def test_runs_are_bounded(given_lengths: list[int]) -> None:
    """A run has at most 8 inputs and its padded size is bounded, so a turn is never long."""
    for run in sub_batches(given_lengths):
        assert 1 <= len(run) <= SUB_BATCH_INPUTS
        padded = len(run) * max(given_lengths[index] for index in run)
        assert padded <= SUB_BATCH_TOKENS or len(run) == 1


@given(lengths)
def test_like_goes_with_like(given_lengths: list[int]) -> None:
    """Lengths rise from run to run: padding stays small."""
    in_order = [given_lengths[index] for run in sub_batches(given_lengths) for index in run]
    assert in_order == sorted(given_lengths)
