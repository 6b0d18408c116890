"""What an operator narrows dead letters down by, as it travels in a command: a map of text. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from muniment.schemas.moments import moment


class BadSelection(ValueError):
    """A part that nobody knows, or that cannot be read; says which."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Every given part must hold. `since` is included, `until` is not; `status` is that of the read model."""

    step: str | None = None
    code: str | None = None
    category: str | None = None
    fingerprint: str | None = None
    document_id: UUID | None = None
    job_id: UUID | None = None
    status: str | None = None
    since: datetime | None = None
    until: datetime | None = None


_PARTS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "step": ("step", str),
    "code": ("code", str),
    "category": ("category", str),
    "fingerprint": ("fingerprint", str),
    "document_id": ("document_id", UUID),
    "job_id": ("job_id", UUID),
    "status": ("status", str),
    "from": ("since", moment),
    "to": ("until", moment),
}


def selection(given: Mapping[str, str]) -> Selection:
    """Read a command's selection; `BadSelection` names what is wrong with it."""
    unknown = sorted(given.keys() - _PARTS.keys())
    if unknown:
        raise BadSelection(f"nothing is selected by {', '.join(unknown)}; what is: {', '.join(_PARTS)}")
    parts = {}
    for name, text in given.items():
        field, read = _PARTS[name]
        try:
            parts[field] = read(text)
        except ValueError:
            wanted = "a UUID" if read is UUID else "a moment with its zone (ISO 8601)"
            raise BadSelection(f"{name} has to be {wanted}") from None
    return Selection(**parts)
