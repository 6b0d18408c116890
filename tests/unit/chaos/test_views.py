"""What readers see, as values that two runs can be compared by."""

from typing import Any

from chaos.views import add_version


def versions(*blobs: str | None, fold: bool) -> list[Any]:
    """The bytes of what is left of these versions."""
    found: list[dict[str, Any]] = []
    for blob in blobs:
        add_version(found, {"blob": blob, "status": "indexed", "active": False}, fold=fold)
    return [one["blob"] for one in found]


def test_only_documents_that_are_uploaded_twice_have_the_same_version_once() -> None:
    """Elsewhere a second version of the same bytes is what a command makes that happened twice."""
    assert versions("a", "a", "b", fold=True) == ["a", "b"]
    assert versions("a", "a", "b", fold=False) == ["a", "a", "b"]
    assert versions("a", "b", "a", fold=True) == ["a", "b", "a"]
