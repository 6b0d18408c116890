"""Values on their way into rows."""

from collections.abc import Mapping

from muniment.schemas.personal import Redaction, shown


def storable(text: str) -> str:
    """Text as Postgres can hold it: NUL, which it cannot, becomes U+FFFD, so that offsets stay."""
    return text.replace("\0", "\ufffd")


def shown_text(value: str | Redaction | None) -> str | None:
    """A personal text as a row holds it: storable, the redaction mark when its key is gone, or nothing."""
    return None if value is None else storable(shown(value))


def shown_mapping(value: Mapping[str, str] | Redaction) -> dict[str, str]:
    """A personal mapping as a row holds it; empty when its key is gone."""
    return {} if isinstance(value, Redaction) else {storable(k): storable(v) for k, v in value.items()}
