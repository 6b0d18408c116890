"""A record as a row and back, byte for byte. Pure.

A row has what lies around the value in columns that begin with `_`, then the event's own fields as on the wire:
personal ones sealed, unless they were opened on purpose. A value that would not come back byte for byte (foreign bytes,
a tombstone, another encoder's Avro) is kept whole, as bytes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from muniment.schemas.audit import HOUSE
from muniment.schemas.codec import KeyOf, opened_values, wire_value, wire_values
from muniment.schemas.error_codes import POLICIES, Policy
from muniment.schemas.errors import MunimentError
from muniment.schemas.event import REGISTRY, Declaration, DocumentEvent
from muniment.schemas.personal import REDACTED
from muniment.schemas.proofs import leaves
from muniment.schemas.proofs.leaves import LogRecord
from muniment.schemas.proofs.merkle import leaf_hash
from muniment.schemas.record import Record
from muniment.schemas.schema_ids import ids

RAW = "raw"
"""What the kind of rows is called whose values are kept as bytes."""
_HEADER = {
    "type": "record",
    "name": "Header",
    "fields": [{"name": "name", "type": "string"}, {"name": "value", "type": "bytes"}],
}
_PLACE: list[tuple[str, Any, str]] = [
    ("_topic", "string", "The topic that the record lay on"),
    ("_partition", "long", "Its partition"),
    ("_offset", "long", "Its offset"),
    ("_timestamp_ms", "long", "When it was sent, milliseconds of the Unix epoch"),
    ("_key", "bytes", "Its key"),
]
_TOLD: Mapping[str, str] = {
    "_event_id": "ce_id",
    "_time": "ce_time",
    "_source": "ce_source",
    "_tenant": "tenant",
    "_correlation_id": "correlation_id",
    "_causation_id": "causation_id",
    "_actor": "actor",
}
"""Columns that repeat a header, for who asks questions of the rows."""
_LEAF = "Hash of the record as a leaf of the signed trees (RFC 9162), in hexadecimal; null where it cannot be told"
REDACTED_FIELDS = "_redacted"
REPLACED = "\N{REPLACEMENT CHARACTER}"
"""What stands in a header's name for bytes that are no UTF-8 (`producers/foreign_names.py`)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What rows of one file have in common: the name, the Avro schema of a row, and the schema id of the values."""

    name: str
    schema: Mapping[str, Any]
    schema_id: int | None


Row = tuple[Kind, dict[str, Any]]


def sealed_row(record: Record) -> Row:
    """The row of a record, as it lay on the log."""
    try:
        declared, values = wire_values(record)
        if wire_value(declared, values) != record.value:
            return _raw(record, "the value is not encoded as we do")
    except MunimentError as error:
        return _raw(record, error.detail)
    return kind_of(declared, opened=False), _around(record) | values


def opened_row(record: Record, key_of: KeyOf) -> Row:
    """The row of a record with its personal fields opened; null, and named in `_redacted`, where the key is gone."""
    try:
        declared, values = opened_values(record, key_of)
    except MunimentError as error:
        if POLICIES[error.code] is Policy.BLOCK:
            raise  # a key that is lost, not a record that is none of ours
        return _raw(record, error.detail)
    gone = [name for name, value in values.items() if value is REDACTED]
    values |= dict.fromkeys(gone)
    return kind_of(declared, opened=True), _around(record) | {REDACTED_FIELDS: gone} | values


def shown(rows: Iterable[Row]) -> Iterator[tuple[str, UUID | None]]:
    """Of each row that shows something personal, the tenant and, where it is about one, the document."""
    for kind, row in rows:
        declared = REGISTRY.get(kind.name)
        if declared is None or not {name for name, _ in declared.personal}.difference(row[REDACTED_FIELDS]):
            continue
        yield (
            row["_tenant"] or HOUSE,
            UUID(str(row["document_id"])) if issubclass(declared.cls, DocumentEvent) else None,
        )


def kind_of(declared: Declaration, *, opened: bool) -> Kind:
    """The kind of an event's rows, with the personal fields opened or as they are."""
    return _kind_of(declared.key, opened=opened)


@cache
def _kind_of(key: str, *, opened: bool) -> Kind:
    declared = REGISTRY[key]
    fields = declared.schema["fields"]
    if opened:
        personal = {name: _nullable(avro.schema) for name, avro in declared.personal}
        fields = [field | {"type": personal[field["name"]]} if field["name"] in personal else field for field in fields]
        gone = {"name": REDACTED_FIELDS, "type": {"type": "array", "items": "string"}}
        fields = [gone, *fields]
    return Kind(declared.key, _schema(declared.name, fields), ids()[declared.key])


@cache
def raw_kind() -> Kind:
    """The kind of rows that keep the value as it is."""
    return Kind(RAW, _schema("Raw", [{"name": "_value", "type": "bytes"}, {"name": "_error", "type": "string"}]), None)


def _raw(record: Record, error: str) -> Row:
    return raw_kind(), _around(record) | {"_value": record.value, "_error": error}


def _nullable(schema: Any) -> Any:
    return schema if isinstance(schema, list) else ["null", schema]


def _schema(name: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    around: list[dict[str, Any]] = [{"name": n, "type": t, "doc": doc} for n, t, doc in _PLACE]
    around += [{"name": n, "type": ["null", "string"], "doc": f"The header {header}"} for n, header in _TOLD.items()]
    around.append({"name": "_leaf", "type": ["null", "string"], "doc": _LEAF})
    around.append({"name": "_headers", "type": {"type": "array", "items": _HEADER}, "doc": "Every header, in order"})
    return {"type": "record", "name": name, "namespace": "muniment.export", "fields": around + fields}


def _around(record: Record) -> dict[str, Any]:
    return {
        "_topic": record.topic,
        "_partition": record.partition or 0,
        "_offset": record.offset or 0,
        "_timestamp_ms": record.timestamp_ms or 0,
        "_key": record.key,
        **{column: record.header(header) for column, header in _TOLD.items()},
        "_leaf": _leaf(record),
        "_headers": [{"name": name, "value": value} for name, value in record.headers],
    }


def _leaf(record: Record) -> str | None:
    """What a proof of this record begins with.

    Null and empty are different leaves, and look alike to us, as do all header names that are no UTF-8.
    """
    if not record.key or not record.value or not all(value for _, value in record.headers):
        return None
    if any(REPLACED in name for name, _ in record.headers):
        return None
    place = (record.topic, record.partition or 0, record.offset or 0, record.timestamp_ms or 0)
    return leaf_hash(leaves.encode(LogRecord(*place, record.key, record.headers, record.value))).hex()
