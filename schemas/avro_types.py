"""Derives an Avro type, and the conversions to and from it, from a Python annotation.

One walk of the annotation at import time builds closures, so encoding a record does no reflection.
Supported: str, int, float, bool, bytes, UUID, datetime (`timestamp-millis`: Flink misreads micros), StrEnum,
`X | None`, `tuple[X, ...]`, `Mapping[str, X]`, and frozen dataclasses as records.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

NAMESPACE = "muniment"
Convert = Callable[[Any], Any]


@dataclass(frozen=True)
class AvroType:
    """An Avro schema with the conversions between it and Python."""

    schema: Any
    to_avro: Convert
    from_avro: Convert

    @property
    def is_same(self) -> bool:
        """Whether the Avro value is the Python value as it is."""
        return self.from_avro is _same


def _same(value: Any) -> Any:
    return value


_LEAVES: dict[type, Any] = {
    str: "string",
    int: "long",
    float: "double",
    bool: "boolean",
    bytes: "bytes",
    UUID: {"type": "string", "logicalType": "uuid"},
    datetime: {"type": "long", "logicalType": "timestamp-millis"},
}


def avro_type(annotation: Any) -> AvroType:
    """The Avro type of a Python annotation; `TypeError` for one that has none."""
    if annotation in _LEAVES:
        return AvroType(_LEAVES[annotation], _same, _same)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in {types.UnionType, Union}:
        return _optional(args)
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:  # noqa: PLR2004 - tuple[X, ...]
        return _array(avro_type(args[0]))
    if isinstance(origin, type) and issubclass(origin, Mapping) and args[0] is str:
        return _map(avro_type(args[1]))
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return AvroType("string", str, annotation)
    if is_dataclass(annotation) and isinstance(annotation, type):
        return record_type(annotation, annotation.__name__)
    raise TypeError(f"no Avro type for {annotation!r}: see the list in avro_types.py")


def _optional(args: tuple[Any, ...]) -> AvroType:
    inner = [a for a in args if a is not type(None)]
    if len(inner) != 1 or len(args) != 2:  # noqa: PLR2004 - X | None
        raise TypeError("only X | None is a union here: give each alternative its own event")
    item = avro_type(inner[0])
    if item.is_same:
        return AvroType(["null", item.schema], _same, _same)
    return AvroType(
        ["null", item.schema],
        lambda v: None if v is None else item.to_avro(v),
        lambda v: None if v is None else item.from_avro(v),
    )


def _array(item: AvroType) -> AvroType:
    to, back = item.to_avro, item.from_avro
    if to is _same:
        return AvroType({"type": "array", "items": item.schema}, list, tuple)
    return AvroType(
        {"type": "array", "items": item.schema},
        lambda v: [to(x) for x in v],
        lambda v: tuple(back(x) for x in v),
    )


def _map(item: AvroType) -> AvroType:
    to, back = item.to_avro, item.from_avro
    return AvroType(
        {"type": "map", "values": item.schema},
        lambda v: {k: to(x) for k, x in v.items()},
        lambda v: {k: back(x) for k, x in v.items()},
    )


def record_type(cls: type, name: str) -> AvroType:
    """The record type of a frozen dataclass, its docstring as `doc`."""
    hints = get_type_hints(cls)
    parts = [(f.name, avro_type(hints[f.name])) for f in fields(cls)]

    def to_avro(value: Any) -> dict[str, Any]:
        return {n: t.to_avro(getattr(value, n)) for n, t in parts}

    def from_avro(value: Mapping[str, Any]) -> Any:
        return cls(**{n: t.from_avro(value[n]) for n, t in parts})

    schema = {
        "type": "record",
        "name": name,
        "namespace": NAMESPACE,
        "doc": doc_of(cls),
        "fields": [field_schema(n, t.schema) for n, t in parts],
    }
    return AvroType(schema, to_avro, from_avro)


def field_schema(name: str, schema: Any) -> dict[str, Any]:
    """One field; an optional one defaults to null, so that old and new readers agree."""
    optional = isinstance(schema, list) and schema[0] == "null"
    return {"name": name, "type": schema} | ({"default": None} if optional else {})


def doc_of(cls: type) -> str:
    """The first line of the docstring: what analysts see in the schema."""
    return (cls.__doc__ or "").strip().split("\n", 1)[0]
