"""What the registry holds, and how it is looked up. Pure: made once, of the declarations."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import fastavro
from avro.errors import AvroException
from fastavro.schema import SchemaParseException, UnknownType, to_parsing_canonical_form

from muniment.api.registry.errors import (
    INVALID_SCHEMA,
    INVALID_VERSION,
    SCHEMA_NOT_FOUND,
    SUBJECT_NOT_FOUND,
    VERSION_NOT_FOUND,
    RegistryError,
)
from muniment.schemas.event import Declaration
from muniment.schemas.subjects import Registered, Subject, registered, subjects

DEFAULT_CONTEXT = ":.:"
"""What newer clients put before a subject's name to say that it is in no context of its own."""
WHY_MAX = 300
"""Of what is wrong with a schema, characters."""
_WRONG = (SchemaParseException, UnknownType, ValueError, TypeError, KeyError, AttributeError, RecursionError)


class Contents:
    """All schemas and subjects of the declarations."""

    def __init__(self, declared: Iterable[Declaration]) -> None:
        declared = tuple(declared)
        self.subjects: Mapping[str, Subject] = subjects(declared)
        self._by_id = {one.schema_id: one for one in registered(declared)}
        self._canonical = {number: canonical(one.schema) for number, one in self._by_id.items()}

    @property
    def max_id(self) -> int:
        """The highest id that was given out."""
        return max(self._by_id, default=0)

    def schema(self, schema_id: int) -> Registered:
        """The schema of an id; `RegistryError` 40403."""
        if schema_id not in self._by_id:
            raise RegistryError(SCHEMA_NOT_FOUND, f"Schema {schema_id} not found")
        return self._by_id[schema_id]

    def subject(self, name: str) -> Subject:
        """The subject of a name; `RegistryError` 40401."""
        plain = name.removeprefix(DEFAULT_CONTEXT)
        if plain not in self.subjects:
            raise RegistryError(SUBJECT_NOT_FOUND, f"Subject '{name}' not found.")
        return self.subjects[plain]

    def version(self, subject: Subject, version: str) -> int:
        """The number that `version` stands for, which may be `latest` or -1; `RegistryError` 40402 and 42202."""
        if version in {"latest", "-1"}:
            return len(subject.schemas)
        if not (version.isascii() and version.isdigit() and 0 < int(version[:11]) < 2**31):
            raise RegistryError(
                INVALID_VERSION,
                f"The specified version '{version}' is not a valid version id. "
                'Allowed values are between [1, 2^31-1] and the string "latest"',
            )
        if int(version) > len(subject.schemas):
            raise RegistryError(VERSION_NOT_FOUND, f"Version {version} not found.")
        return int(version)

    def holders(self, schema_id: int) -> list[tuple[Subject, int]]:
        """The subjects that have the schema of an id, with its version there."""
        found = ((subject, subject.version_of(schema_id)) for subject in self.subjects.values())
        return [(subject, version) for subject, version in found if version is not None]

    def known(self, subject: Subject, given: Mapping[str, Any] | Any) -> Registered | None:
        """The subject's newest schema that is this one.

        First it is looked for as it stands, then by its Parsing Canonical Form (Avro 1.12 specification), in which
        clients differ that leave out documentation and attributes: what both write is the same bytes.
        """
        newest_first = subject.schemas[::-1]
        same = [one for one in newest_first if one.schema == given]
        form = canonical(given)
        alike = [one for one in newest_first if self._canonical[one.schema_id] == form]
        return next(iter([*same, *alike]), None)


def canonical(schema: Any) -> str:
    """The Parsing Canonical Form of a schema."""
    form: str = to_parsing_canonical_form(schema)
    return form


def parsed(text: str) -> Any:
    """The Avro schema in a text; `RegistryError` 42201 where there is none."""
    try:
        # A bare name is a schema, too: older clients send it without its quotes.
        schema = json.loads(text) if text.lstrip()[:1] in {"{", "[", '"'} else text.strip()
        fastavro.parse_schema(schema)
        canonical(schema)
    except _WRONG as error:
        raise RegistryError(INVALID_SCHEMA, f"Invalid schema: {why(error)}") from None
    return schema


def why(error: Exception) -> str:
    """What is wrong, as far as the library says it: it may repeat the whole schema, and what no answer can hold."""
    match error:
        case UnknownType():
            told = f"there is no type {error.name!r}"
        case SchemaParseException() | json.JSONDecodeError() | AvroException():
            told = str(error)
        case KeyError():
            told = f"{error} is missing"
        case _:
            told = f"this is not how one is built ({type(error).__name__})"
    return sendable(told if len(told) <= WHY_MAX else f"{told[:WHY_MAX]}…")


def sendable(text: str) -> str:
    """The text with what has no UTF-8 (half of a surrogate pair, which JSON can name) as its escape."""
    return text.encode("utf-8", "backslashreplace").decode()
