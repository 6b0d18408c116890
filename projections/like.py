"""Text as a literal part of a LIKE pattern."""


def containing(text: str | None) -> str | None:
    """The pattern of everything that contains `text`."""
    if text is None:
        return None
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
