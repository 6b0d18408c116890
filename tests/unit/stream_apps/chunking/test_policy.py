"""Sizes that cannot work are refused where they are set."""

import pytest

from muniment.stream_apps.chunking.policy import ChunkPolicy


@pytest.mark.parametrize(
    "sizes",
    [{"max_tokens": 8}, {"overlap_tokens": 200}, {"overlap_tokens": -1}, {"small_tokens": 500}, {"small_tokens": -1}],
)
def test_impossible_sizes_are_refused(sizes: dict[str, int]) -> None:
    """Each of them would end in no progress or in chunks above the limit."""
    with pytest.raises(ValueError, match="tokens"):
        ChunkPolicy(**sizes)


def test_a_tokenizer_is_needed() -> None:
    """An empty setting is not the default."""
    with pytest.raises(ValueError, match="tokenizer"):
        ChunkPolicy(tokenizer="")
