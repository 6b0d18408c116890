"""A row's values as JSON and as Arrow has them, and back, by the row's Avro schema. Pure.

JSON: bytes are base64, ids and moments are text (ISO 8601), and so are numbers that are none (`nan`, `inf`).
Arrow: ids are text, maps are lists of pairs.
"""

import base64
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

Convert = Callable[[Any], Any]


def to_json(schema: Any) -> Convert:
    """What makes a value JSON."""
    return _converter(schema, _TO_JSON) or _same


def from_json(schema: Any) -> Convert:
    """The inverse of `to_json`."""
    return _converter(schema, _FROM_JSON) or _same


def to_arrow(schema: Any) -> Convert:
    """What makes a value one that `pyarrow.Table.from_pylist` takes."""
    return _converter(schema, _TO_ARROW) or _same


def from_arrow(schema: Any) -> Convert:
    """The inverse of `to_arrow`, from what `to_pylist` gives."""
    return _converter(schema, _FROM_ARROW) or _same


_TO_JSON: dict[str, Any] = {
    "bytes": lambda value: base64.b64encode(value).decode(),
    "uuid": str,
    "timestamp-millis": lambda value: value.astimezone(UTC).isoformat(timespec="milliseconds"),
    "double": lambda value: value if math.isfinite(value) else str(value),
    "map": dict,
}
_FROM_JSON: dict[str, Any] = {
    "bytes": lambda value: base64.b64decode(value, validate=True),
    "uuid": UUID,
    "timestamp-millis": datetime.fromisoformat,
    "double": float,
    "map": dict,
}
_TO_ARROW: dict[str, Any] = {"uuid": str, "map": lambda value: list(value.items())}
_FROM_ARROW: dict[str, Any] = {"uuid": UUID, "map": dict}


def _same(value: Any) -> Any:
    return value


def _converter(schema: Any, leaves: Mapping[str, Convert]) -> Convert | None:
    """Built once a schema, so that a row costs only what changes; `None` where nothing does."""
    if isinstance(schema, list):
        inner = _converter(next(one for one in schema if one != "null"), leaves)
        return inner and (lambda value: None if value is None else inner(value))
    if isinstance(schema, str):
        return leaves.get(schema)
    kind = schema["type"]
    if kind == "record":
        return _of_record(schema, leaves)
    if kind == "array":
        item = _converter(schema["items"], leaves)
        return item and (lambda value: [item(one) for one in value])
    if kind == "map":
        return _of_map(_converter(schema["values"], leaves) or _same, leaves["map"])
    return leaves.get(schema.get("logicalType", kind))


def _of_record(schema: Mapping[str, Any], leaves: Mapping[str, Convert]) -> Convert | None:
    found = ((field["name"], _converter(field["type"], leaves)) for field in schema["fields"])
    changed = [(name, convert) for name, convert in found if convert is not None]
    if not changed:
        return None
    return lambda value: {**value, **{name: convert(value[name]) for name, convert in changed}}


def _of_map(item: Convert, made: Convert) -> Convert:
    def convert(value: Any) -> Any:
        pairs = value.items() if isinstance(value, Mapping) else value
        return made({name: item(one) for name, one in pairs})

    return convert


def arrow_type(schema: Any) -> Any:  # noqa: PLR0911 - one return a kind of type
    """The Arrow type of an Avro type; imports pyarrow, which is an extra."""
    import pyarrow as pa  # noqa: PLC0415

    if isinstance(schema, list):
        return arrow_type(next(one for one in schema if one != "null"))
    if isinstance(schema, str):
        return {"string": pa.string(), "long": pa.int64(), "double": pa.float64(), "boolean": pa.bool_()}.get(
            schema, pa.binary()
        )
    kind = schema["type"]
    if kind == "record":
        return pa.struct([(field["name"], arrow_type(field["type"])) for field in schema["fields"]])
    if kind == "array":
        return pa.list_(arrow_type(schema["items"]))
    if kind == "map":
        return pa.map_(pa.string(), arrow_type(schema["values"]))
    if schema.get("logicalType") == "timestamp-millis":
        return pa.timestamp("ms", tz="UTC")
    return arrow_type(kind)
