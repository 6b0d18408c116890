"""Whether readers of one Avro schema can read what another wrote, told a field at a time. Pure.

The rules are those of Avro's schema resolution (Avro 1.12 specification, "Schema Resolution"), the names of the levels
Confluent's. Every event here keeps `FULL_TRANSITIVE`, which is stricter than `BACKWARD_TRANSITIVE`: each version reads
the records of every other. In a rolling upgrade old and new workers share a log, and consumers upgrade when they like.

On top of Avro's rules, what is sealed stays sealed: Avro would let `bytes` become `string`, and read a ciphertext as
text; and what is inside a seal (`muniment.seals`) follows the same rules, which no other registry looks at.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import avro.schema
from avro.compatibility import ReaderWriterCompatibilityChecker, SchemaCompatibilityType

Schema = Any
"""An Avro schema as parsed JSON."""
SEALS: Final = "muniment.seals"


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
    if not (_is_record(reader) and _is_record(writer)):
        return _mismatch("the schema", reader, writer)
    return [*_names(reader, writer), *_fields(reader, writer)]


def incompatible(new: Schema, old: Schema, level: Level = EVENTS) -> list[str]:
    """What is wrong with `new` as a later version of `old`: sentences that begin with the rule, or none."""
    if level is Level.NONE:
        return []
    found = [f"BACKWARD: {why}; the new version could not read old records" for why in unreadable(new, old)]
    if level is Level.FULL_TRANSITIVE:
        found += [f"FORWARD: {why}; old readers could not read new records" for why in unreadable(old, new)]
    return found + [f"SEALED: {why}" for why in _seals(new, old)]


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


def _is_record(schema: Schema) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "record"


def _names(reader: Schema, writer: Schema) -> Iterator[str]:
    if _full_name(reader) != _full_name(writer):
        yield f"the record {_full_name(writer)} is not {_full_name(reader)} (rule: same name)"


def _full_name(schema: Schema) -> str:
    name = str(schema.get("name", ""))
    space = schema.get("namespace")
    return name if "." in name or not space else f"{space}.{name}"


def _fields(reader: Schema, writer: Schema) -> Iterator[str]:
    written = {field["name"]: field for field in writer["fields"]}
    for field in reader["fields"]:
        name = field["name"]
        if name in written:
            yield from _mismatch(f"field {name}", field["type"], written[name]["type"])
        elif not any(alias in written for alias in field.get("aliases", ())) and "default" not in field:
            yield f"field {name} is not written and has no default (rule: a field that may be missing has a default)"


def _mismatch(where: str, reader: Schema, writer: Schema) -> list[str]:
    mine, theirs = (avro.schema.parse(json.dumps(schema)) for schema in (reader, writer))
    answer = ReaderWriterCompatibilityChecker().get_compatibility(mine, theirs)  # type: ignore[no-untyped-call]
    if answer.compatibility is SchemaCompatibilityType.compatible:
        return []
    reasons = ", ".join(sorted(str(message) for message in answer.messages))
    return [f"{where} is {_short(writer)} when written and {_short(reader)} when read (rule: {reasons})"]


def _short(schema: Schema) -> str:
    text = json.dumps(schema, separators=(",", ":"))
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - a line of a terminal


def _seals(new: Schema, old: Schema) -> Iterator[str]:
    if not (_is_record(new) and _is_record(old)):
        return
    before = {field["name"]: _sealed(field["type"]) for field in old["fields"]}
    for field in new["fields"]:
        name, now = field["name"], _sealed(field["type"])
        if name not in before:
            continue
        was = before[name]
        if (now is None) != (was is None):
            told = "sealed and is not any more" if now is None else "in clear and is sealed now"
            yield f"field {name} was {told} (rule: what is personal stays so; give it another name)"
        elif now is not None and was is not None:
            inside = [*_mismatch(f"inside its seal field {name}", now[0], was[0])]
            inside += _mismatch(f"inside its seal field {name}", was[0], now[0])
            yield from inside


def _sealed(kind: Schema) -> Sequence[Schema] | None:
    """What a field's type seals, in a tuple of one (the sealed schema may itself be null); `None` for one in clear."""
    return (kind[SEALS],) if isinstance(kind, Mapping) and SEALS in kind else None
