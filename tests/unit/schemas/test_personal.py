"""The mark of personal fields."""

from muniment.schemas.personal import REDACTED, shown


def test_a_redaction_is_shown_as_one() -> None:
    """A read model meets a destroyed key with a mark, and a text with the text."""
    assert shown("name") == "name"
    assert shown(REDACTED) == "[redacted]"
