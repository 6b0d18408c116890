"""A content hash recognises the same text of the same tenant, and tells nobody else anything."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.stream_apps.chunking.hashing import content_hash


@given(st.text(), st.binary(min_size=1))
def test_the_composed_and_the_decomposed_text_are_the_same(text: str, key: bytes) -> None:
    """NFC and NFD give one hash of 32 bytes."""
    hashes = {content_hash(unicodedata.normalize(form, text), key) for form in ("NFC", "NFD")}
    assert len(hashes) == 1
    assert len(hashes.pop()) == 32


def test_another_key_or_text_is_another_hash() -> None:
    """Tenants cannot compare, and texts differ."""
    assert len({content_hash("a", b"1"), content_hash("a", b"2"), content_hash("b", b"1")}) == 3


def test_a_hash_without_a_key_is_refused() -> None:
    """An empty key would make it a bare hash."""
    with pytest.raises(ValueError, match="key"):
        content_hash("a", b"")
