"""An event as the catalogue tells of it: each field with type, meaning, and whether it is personal. Pure.

Everything here follows from the declarations; nothing is said twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, get_args, get_type_hints

from muniment.schemas.avro_types import avro_type
from muniment.schemas.event import Declaration, plain
from muniment.schemas.metadata import Metadata
from muniment.schemas.personal import PersonalMark
from muniment.schemas.topics import DAY_MS, Topic
from muniment.schemas.vocabulary import attributes, meaning

SEALED, PSEUDONYM, CLEAR = "personal", "pseudonym", "none"
CLASSES: Mapping[str, str] = {
    SEALED: "Personal data: sealed on the log under the document's key, and unreadable once that key is destroyed.",
    PSEUDONYM: "Leads to a document, a job or a text only with other records at hand; in clear.",
    CLEAR: "Not personal; in clear.",
}
"""The personal-data classes, and what each means for who reads the topic."""
_PSEUDONYMS = frozenset({
    "actor", "address_mark", "blob", "content_hash", "content_hashes", "entity", "letter", "letters", "network",
    "query_mark", "subject", "text_blob",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class FieldDescription:
    """One field: its name, Avro type in words, meaning, personal-data class, and the fields inside it."""

    name: str
    type: str
    meaning: str
    personal: str
    inside: tuple["FieldDescription", ...] = ()


def describe(declaration: Declaration) -> tuple[FieldDescription, ...]:
    """The fields of an event, in the order on the wire."""
    return _fields(declaration.cls, "")


def _fields(cls: type, inherited: str) -> tuple[FieldDescription, ...]:
    hints = get_type_hints(cls, include_extras=True)
    return tuple(_field(cls, f.name, hints[f.name], inherited) for f in fields(cls))


def _field(cls: type, name: str, annotation: Any, inherited: str) -> FieldDescription:
    sealed = any(isinstance(mark, PersonalMark) for mark in getattr(annotation, "__metadata__", ()))
    bare = plain(annotation) if sealed else annotation
    schema = avro_type(bare).schema
    text = type_text(schema)
    personal = inherited or (SEALED if sealed else PSEUDONYM if _is_pseudonym(name, text) else CLEAR)
    # A record in clear is as personal as the most telling thing in it.
    record = next((a for a in (bare, *get_args(bare)) if hasattr(a, "__dataclass_fields__")), None)
    inside = _fields(record, SEALED if personal == SEALED else "") if isinstance(record, type) else ()
    if personal == CLEAR and any(one.personal == PSEUDONYM for one in inside):
        personal = PSEUDONYM
    return FieldDescription(name, text, meaning(cls, name), personal, inside)


def _is_pseudonym(name: str, text: str) -> bool:
    return name in _PSEUDONYMS or "uuid" in text


def type_text(schema: Any) -> str:
    """An Avro type in words: `string (uuid)`, `array of long`, `string or null`."""
    if isinstance(schema, str):
        return schema
    if isinstance(schema, list):
        return " or ".join(type_text(one) for one in reversed(schema))
    if schema["type"] == "array":
        return f"array of {type_text(schema['items'])}"
    if schema["type"] == "map":
        return f"map of {type_text(schema['values'])}"
    if schema["type"] == "record":
        return str(schema["name"])
    logical = schema.get("logicalType")
    return f"{schema['type']} ({logical})" if logical else str(schema["type"])


def kept(topic: Topic) -> str:
    """How long the records of a topic stay, in words."""
    return "for ever" if topic.retention_ms < 0 else f"{topic.retention_ms // DAY_MS} days"


def key_text(declaration: Declaration) -> str:
    """What the key of an event's record is, in words."""
    field = declaration.keyed_by
    return f"the value of `{field}`" if field in get_type_hints(declaration.cls) else f"always `{field}`"


HEADERS: Mapping[str, tuple[str, str, bool]] = {
    "ce_specversion": ("", "CloudEvents 1.0, in binary mode", True),
    "ce_id": ("event_id", "", True),
    "ce_source": ("source", "", True),
    "ce_type": ("", "Which event this is, with its version: `muniment.DocumentIndexed.v1`", True),
    "ce_subject": ("", "What it is about: the same as the record's key", True),
    "ce_time": ("time", "", True),
    "content-type": ("", "Avro in Confluent framing: a zero byte, the schema id in four, then the value", True),
    "correlation_id": ("correlation_id", "", True),
    "causation_id": ("causation_id", "", True),
    "tenant": ("tenant", "", True),
    "traceparent": ("", "W3C trace context; carried on to what follows", True),
    "actor": ("actor", "", False),
    "lane": ("", "How urgent it is: `interactive` or `bulk`; absent when normal. Carried on to what follows", False),
    "command_position": ("command_position", "", False),
    "key_id": ("", "Id of the data key that the personal fields are sealed under; absent when there are none", False),
}
"""Every header: the attribute of `Metadata` that says what it means, or its meaning; and whether it is always there."""


def headers() -> dict[str, tuple[str, bool]]:
    """Meaning of each header, and whether every record has it."""
    said = attributes(Metadata.__doc__ or "")
    return {
        name: (said[attribute] if attribute else text, always) for name, (attribute, text, always) in HEADERS.items()
    }
