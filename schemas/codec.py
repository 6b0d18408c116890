"""Event to record and back: Avro in Confluent framing (magic 0, four-byte schema id), personal fields sealed.

`fastavro` does the encoding: on this project's records it is about ten times as fast as `avro`.
"""

import os
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from typing import Any
from uuid import UUID

import fastavro

import muniment.schemas.catalogue  # noqa: F401 - imported so that the registry is whole
from muniment.schemas.avro_types import AvroType
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.schemas.event import REGISTRY, Declaration, DocumentEvent, Event
from muniment.schemas.ids import parsed
from muniment.schemas.made import made
from muniment.schemas.metadata import Metadata, from_headers, to_headers
from muniment.schemas.personal import REDACTED, Redaction
from muniment.schemas.record import Record
from muniment.schemas.schema_ids import ids, name_of
from muniment.schemas.sealing import NONCE_BYTES, DataKey, key_id_of, seal, unseal
from muniment.schemas.topics import MAX_RECORD_BYTES
from muniment.schemas.upcasters import UPCASTERS

# The same few ids are in all that is said of one document, and making them costs most of reading a record.
fastavro.read.LOGICAL_READERS["string-uuid"] = lambda text, *_: parsed(text)
_FRAME = struct.Struct(">bI")
KeyOf = Callable[[UUID], DataKey | Redaction | None]
"""Looks up a data key: the key, nothing for one that was destroyed, or what stands for a field that stays shut."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A decoded record: the event, what it says about itself, and the record it came in."""

    event: Event
    meta: Metadata
    record: Record

    @property
    def document_id(self) -> UUID:
        """The document that the event is about; `TypeError` for one that is about none."""
        if not isinstance(self.event, DocumentEvent):
            raise TypeError(f"{self.event.declaration.key} is about no document")
        return self.event.document_id


def encode(event: Event, meta: Metadata, key: DataKey | None, nonce: Callable[[int], bytes] = os.urandom) -> Record:
    """The record of an event. `key` seals its personal fields; `nonce` gives fresh random bytes.

    Raises:
        StepFailure: `key_destroyed` when there are personal fields and no key (or they are redacted already),
            `record_too_large` when the value exceeds what a topic takes.

    """
    declaration = event.declaration
    values = {name: t.to_avro(getattr(event, name)) for name, t in declaration.clear}
    for name, avro in declaration.personal:
        values[name] = _sealed(getattr(event, name), avro, _aad(declaration, str(meta.event_id), name), key, nonce)
    value = wire_value(declaration, values)
    if len(value) > MAX_RECORD_BYTES - 4096:
        raise StepFailure(ErrorCode.RECORD_TOO_LARGE, f"{declaration.key} of {len(value)} bytes")
    subject = event.key
    key_id = key.key_id if key and declaration.personal else None
    headers = to_headers(meta, ce_type=declaration.ce_type, subject=subject, key_id=key_id)
    return Record(declaration.topic.name, subject.encode(), value, headers)


def decode(record: Record, key_of: KeyOf) -> Envelope:
    """The event in a record. A personal field whose key is gone (`key_of` gives `None`) reads as `REDACTED`.

    Raises:
        StepFailure: `undecodable` for bytes that are no such record, `unknown_event` for an unknown schema id.

    """
    declared, values = wire_values(record)
    meta = from_headers(record)
    _open(declared, meta, values, key_of)
    current, lifted = _upcast(declared, values)
    fields = values if lifted is values else {name: lifted[name] for name in current.names}
    for name, from_avro in current.conversions:
        if not isinstance(fields[name], Redaction):
            fields[name] = from_avro(fields[name])
    return Envelope(made(current.cls, fields), meta, record)


def wire_values(record: Record) -> tuple[Declaration, dict[str, Any]]:
    """What a record holds, by field, as it is on the wire: what is personal is sealed `bytes`.

    Raises:
        StepFailure: as `decode`, but for what only opening a field would show.

    """
    declared = declaration_of(record)
    source = BytesIO(record.value[_FRAME.size :])
    try:
        values: Any = fastavro.schemaless_reader(source, _wire_schema(declared.key), None)
    except Exception as error:  # noqa: BLE001 - whatever fastavro makes of foreign bytes, the record is undecodable
        raise StepFailure(ErrorCode.UNDECODABLE, f"not {declared.key}: {type(error).__name__}") from None
    if source.read(1):
        raise StepFailure(ErrorCode.UNDECODABLE, f"{declared.key} is followed by bytes that are not its own")
    return declared, values


def wire_value(declared: Declaration, values: Mapping[str, Any]) -> bytes:
    """The record's value that holds these wire values: the inverse of `wire_values`."""
    out = BytesIO()
    out.write(_FRAME.pack(0, ids()[declared.key]))
    fastavro.schemaless_writer(out, _wire_schema(declared.key), values)
    return out.getvalue()


def opened_values(record: Record, key_of: KeyOf) -> tuple[Declaration, dict[str, Any]]:
    """Its wire values with the personal fields opened, as the Avro types that they seal; `REDACTED` without the key."""
    declared, values = wire_values(record)
    _open(declared, from_headers(record), values, key_of)
    return declared, values


def _open(declared: Declaration, meta: Metadata, values: dict[str, Any], key_of: KeyOf) -> None:
    if declared.personal:
        event_id = str(meta.event_id)
        for name, _ in declared.personal:
            values[name] = _opened(values[name], declared, event_id, name, key_of)


def declaration_of(record: Record) -> Declaration:
    """Which event a record holds, by the schema id in its frame."""
    if len(record.value) < _FRAME.size or record.value[0] != 0:
        raise StepFailure(ErrorCode.UNDECODABLE, "the value has no Confluent frame")
    _, schema_id = _FRAME.unpack_from(record.value)
    return REGISTRY[name_of(schema_id)]


def sealed_for(record: Record) -> UUID | None:
    """What has the data key of a record's personal fields, in clear in it; `None` for an event without such fields.

    Raises:
        StepFailure: as `wire_values`.

    """
    declared, values = wire_values(record)
    return UUID(str(values[declared.sealed_by])) if declared.personal else None


def key_id_in(record: Record) -> UUID | None:
    """The data key that a record's personal fields need, from its header; `None` when it needs none."""
    text = record.header("key_id")
    try:
        return parsed(text) if text else None
    except ValueError:
        return None


@cache
def _wire_schema(key: str) -> Any:
    return fastavro.parse_schema(REGISTRY[key].schema)


@cache
def _inner_schema(key: str, field: str) -> Any:
    inner = next(t for n, t in REGISTRY[key].personal if n == field)
    return fastavro.parse_schema(inner.schema)


def _aad(declared: Declaration, event_id: str, field: str) -> bytes:
    return f"{event_id}/{declared.key}/{field}".encode()


def _sealed(value: Any, avro: AvroType, aad: bytes, key: DataKey | None, nonce: Callable[[int], bytes]) -> bytes:
    if key is None or isinstance(value, Redaction):
        raise StepFailure(ErrorCode.KEY_DESTROYED, "the data key of this document is gone: nothing can be sealed")
    out = BytesIO()
    _, declared, field = aad.decode().split("/")
    fastavro.schemaless_writer(out, _inner_schema(declared, field), avro.to_avro(value))
    return seal(key, out.getvalue(), aad=aad, nonce=nonce(NONCE_BYTES))


def _opened(sealed: bytes, declared: Declaration, event_id: str, field: str, key_of: KeyOf) -> Any:
    key = key_of(key_id_of(sealed))
    if key is None:
        return REDACTED
    if isinstance(key, Redaction):
        return key
    plain = unseal(key, sealed, aad=_aad(declared, event_id, field))
    return fastavro.schemaless_reader(BytesIO(plain), _inner_schema(declared.key, field), None)


def _upcast(declared: Declaration, values: Any) -> tuple[Declaration, Any]:
    version = declared.version
    while (declared.name, version) in UPCASTERS:
        values = UPCASTERS[declared.name, version](values)
        version += 1
    return REGISTRY[f"{declared.name}.v{version}"], values
