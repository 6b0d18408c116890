"""Values on their way into rows."""

from collections.abc import Mapping
from hashlib import sha256

from muniment.schemas.personal import Redaction, shown

LONGEST_NAME = 500
"""Of a name in an index, bytes: a row of one takes 2,700 in all."""
_SHOWN = 50


def storable(text: str) -> str:
    """Text as Postgres can hold it: NUL, which it cannot, becomes U+FFFD, so that offsets stay."""
    return text.replace("\0", "\ufffd")


def named(text: str) -> str:
    """Text as an index of Postgres can hold it: what is longer than any name of ours is cut, with a hash of it all."""
    told = storable(text)
    if len(told.encode()) <= LONGEST_NAME:
        return told
    return f"{told[:_SHOWN]}…{sha256(told.encode()).hexdigest()}"


def shown_text(value: str | Redaction | None) -> str | None:
    """A personal text as a row holds it: storable, the redaction mark when its key is gone, or nothing."""
    return None if value is None else storable(shown(value))


def shown_mapping(value: Mapping[str, str] | Redaction) -> dict[str, str]:
    """A personal mapping as a row holds it; empty when its key is gone."""
    return {} if isinstance(value, Redaction) else {storable(k): storable(v) for k, v in value.items()}
