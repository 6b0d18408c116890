"""Whether readers of one Avro schema can read what another wrote, told a field at a time. Pure.

The rules are those of Avro's schema resolution (Avro 1.12 specification, "Schema Resolution"), the names of the levels
Confluent's. Every event here keeps `FULL_TRANSITIVE`, which is stricter than `BACKWARD_TRANSITIVE`: each version reads
the records of every other. In a rolling upgrade old and new workers share a log, and consumers upgrade when they like.

On top of Avro's rules, what is sealed stays sealed (`seal_compatibility`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType, lookup_writer_field

from muniment.schemas.seal_compatibility import broken_seals

Schema = Any
"""An Avro schema as parsed JSON."""
Kind = Any
"""A schema as `avro.schema.parse` gives it: names stand for what they name."""


class Level(StrEnum):
    """What a subject promises of its versions; the names are Confluent's."""

    NONE = "NONE"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"


EVENTS: Final = Level.FULL_TRANSITIVE
"""What every event keeps."""


def unreadable(reader: Schema, writer: Schema) -> list[str]:
    """Why a reader with the schema `reader` cannot read records of `writer`; empty when it can.

    Raises:
        avro.errors.AvroException: when one of them is no Avro schema.

    """
    return _unreadable(_parsed(reader), _parsed(writer))


def incompatible(new: Schema, old: Schema, level: Level = EVENTS) -> list[str]:
    """What is wrong with `new` as a later version of `old`: sentences that begin with the rule, or none."""
    if level is Level.NONE:
        return []
    found = [f"BACKWARD: {why}; the new version could not read old records" for why in unreadable(new, old)]
    if level is Level.FULL_TRANSITIVE:
        found += [f"FORWARD: {why}; old readers could not read new records" for why in unreadable(old, new)]
    return found + [f"SEALED: {why}" for why in broken_seals(_parsed(new), _parsed(old), _inside)]


def of_next(new: Schema, earlier: Iterable[tuple[str, Schema]], level: Level = EVENTS) -> list[str]:
    """The same against every earlier version, given with its name (that is what *transitive* means)."""
    return [f"against {name}: {why}" for name, old in earlier for why in incompatible(new, old, level)]


def of_history(committed: Mapping[str, Schema]) -> list[str]:
    """What is wrong among all versions of all events, by `Name.vN`; empty when nothing is."""
    by_name: dict[str, list[tuple[int, str]]] = {}
    for key in committed:
        name, _, version = key.rpartition(".v")
        by_name.setdefault(name, []).append((int(version), key))
    found = []
    for versions in by_name.values():
        keys = [key for _, key in sorted(versions)]
        for number, key in enumerate(keys):
            earlier = [(old, committed[old]) for old in keys[:number]]
            found += [f"{key} {why}" for why in of_next(committed[key], earlier)]
    return found


def of_change(declared: Mapping[str, Schema], committed: Mapping[str, Schema]) -> list[str]:
    """What is wrong with the declarations beside what is committed: a committed version is never edited or dropped."""
    found = []
    for key, schema in committed.items():
        if key not in declared:
            found.append(f"{key} is committed and not declared any more: the log may hold it, so it has to be read")
        elif declared[key] != schema:
            found.append(f"{key} was edited: declare version {int(key.rpartition('.v')[2]) + 1} and an upcaster")
            found += [f"{key} as edited {why}" for why in of_next(declared[key], [(f"{key} as committed", schema)])]
    return found + of_history({**declared, **committed})


def _parsed(schema: Schema) -> Kind:
    return avro.schema.parse(json.dumps(schema))


def _unreadable(reader: Kind, writer: Kind) -> list[str]:
    if not reader.type == writer.type == "record":
        return _mismatch("the schema", reader, writer)
    return [*_names(reader, writer), *_fields(reader, writer)]


def _names(reader: Kind, writer: Kind) -> Iterator[str]:
    if reader.fullname != writer.fullname:
        yield f"the record {writer.fullname} is not {reader.fullname} (rule: same name)"


def _fields(reader: Kind, writer: Kind) -> Iterator[str]:
    for field in reader.fields:
        written = lookup_writer_field(writer, field)
        if written is not None:
            yield from _mismatch(f"field {field.name}", field.type, written.type)
        elif not field.has_default:
            why = "not written and has no default (rule: a field that may be missing has a default)"
            yield f"field {field.name} is {why}"


def _inside(where: str, reader: Schema, writer: Schema) -> list[str]:
    return _mismatch(where, _parsed(reader), _parsed(writer))


def _mismatch(where: str, reader: Kind, writer: Kind) -> list[str]:
    answer = ReaderWriterCompatibilityChecker().get_compatibility(reader, writer)  # type: ignore[no-untyped-call]
    if answer.compatibility is SchemaCompatibilityType.compatible:
        return []
    reasons = ", ".join(sorted(str(message) for message in answer.messages))
    return [f"{where} is {_short(writer)} when written and {_short(reader)} when read (rule: {reasons})"]


def _short(kind: Kind) -> str:
    text = json.dumps(kind.to_json(), separators=(",", ":"))
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - a line of a terminal
