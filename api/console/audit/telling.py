"""Values of an event's changes, and names on a drawing, as people read them. Pure."""

import json
import unicodedata
from datetime import datetime
from typing import Any

from muniment.api.console.words import Words


def said(t: Words, value: Any) -> str:
    """A value before or after a change; a dash for nothing."""
    if value is None or value == "":
        return "–"
    if isinstance(value, datetime):
        return t.moment(value)
    if isinstance(value, bool | int | float):
        return str(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def clipped(text: str, width: int) -> str:
    """The beginning of a text that fits into so many columns, with an ellipsis where something is left out.

    A wide character (East Asian Width W or F, Unicode Standard Annex 11) takes up two columns.
    """
    flat = " ".join(text.split())
    reached = 0
    for place, character in enumerate(flat):
        reached += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        if reached > width:
            return flat[: max(0, place - 1)].rstrip() + "…"
    return flat
