"""What of a batch is embedded, and how its vectors come together again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.stream_apps.embedding.batch import assemble, missing

CONTENTS = st.lists(st.integers(0, 9), max_size=30)


def content_hash(content: int) -> bytes:
    return b"%032d" % content


@given(CONTENTS, st.sets(st.integers(0, 9)))
def test_each_unknown_content_is_embedded_once(contents: list[int], known: set[int]) -> None:
    """In the order of its first place in the batch, with the text that goes with its hash."""
    hashes = [content_hash(c) for c in contents]
    found = missing(hashes, [f"text {c}" for c in contents], {content_hash(k): None for k in known})
    expected = [c for c in dict.fromkeys(contents) if c not in known]
    assert found.hashes == tuple(content_hash(c) for c in expected)
    assert found.texts == tuple(f"text {c}" for c in expected)


@given(CONTENTS.filter(bool), st.sets(st.integers(0, 9)))
def test_every_chunk_gets_the_vector_of_its_content(contents: list[int], known: set[int]) -> None:
    """Wherever the vector comes from: half precision from before, or single from the model."""
    hashes = [content_hash(c) for c in contents]
    before = {content_hash(k): np.full(4, k, np.float16) for k in known}
    todo = missing(hashes, [str(c) for c in contents], before)
    fresh = {h: np.full(4, int(t), np.float32) for h, t in zip(todo.hashes, todo.texts, strict=True)}
    joined = assemble(hashes, {**before, **fresh})
    assert joined.dtype == np.float32
    assert joined.tolist() == [[float(c)] * 4 for c in contents]


def test_a_text_without_its_hash_is_a_mistake() -> None:
    """A batch whose halves differ in length is not cut to the shorter."""
    with pytest.raises(ValueError, match="zip"):
        missing([content_hash(1)], ["one", "two"], {})
