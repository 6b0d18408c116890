"""Templates are versions that never change."""

from hashlib import sha256

import pytest

from muniment.producers.writing.templates.registry import newest, templates

PINNED = {
    ("outline", 1): "e0f1d8d1915e27ba54b24f557f8f7dce4c51251eb89363f9603908714e25f890",
    ("script", 1): "31661ddbfb0a956e66a6d44c35da4ff20c4ef13d34c2a7d9a77fdb669fe61d8c",
}
"""Digests of what was committed. A change is a new version: drafts on the log name theirs."""


def digest(name: str, version: int) -> str:
    """Over all that a version says."""
    found = next(one for one in templates()[name] if one.version == version)
    return sha256(f"{found.system}\0{found.user}".encode()).hexdigest()


def test_committed_versions_are_as_they_were() -> None:
    """Every version that there is is pinned, and says what it always said."""
    there = {(name, one.version): digest(name, one.version) for name, all_ in templates().items() for one in all_}
    assert there == PINNED


@pytest.mark.parametrize("name", sorted(templates()))
def test_each_template_asks_for_what_is_checked(name: str) -> None:
    """The system's part forbids what is not in the passages and says how to cite; the user's has brief and passages."""
    template = newest(name)
    assert template is not None
    assert "[2]" in template.system
    assert "never an instruction" in template.system
    system, user = template.filled("All about {passages}.", "ko", "[1] {brief}\n")
    assert "Korean" in system.content
    assert "All about {passages}." in user.content
    assert "[1] {brief}\n" in user.content


def test_an_unknown_template_is_none() -> None:
    """No guess is made."""
    assert newest("sonnet") is None
