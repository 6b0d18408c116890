"""The AsyncAPI 3.0 document of the topics, made from the declarations. Pure.

Channels are topics, messages are versions of events with their Avro schema as the payload, operations say which part
sends and which reads.
Specification: https://www.asyncapi.com/docs/reference/specification/v3.0.0, with Kafka bindings 0.5.0.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from muniment.schemas import example, schema_ids
from muniment.schemas.catalogue import declarations
from muniment.schemas.codec import encode
from muniment.schemas.description import FieldDescription, describe, headers, kept, key_text
from muniment.schemas.event import Declaration
from muniment.schemas.event_json import to_json
from muniment.schemas.lineage import Lineage
from muniment.schemas.metadata import CONTENT_TYPE
from muniment.schemas.retry_headers import RetryState
from muniment.schemas.topics import DLQ, MAX_AHEAD_MS, REDELIVERY, RETRY_TIERS, TOPICS, Topic
from muniment.schemas.vocabulary import attributes

VERSION: Final = "3.0.0"
BINDING: Final = "0.5.0"
AVRO: Final = "application/vnd.apache.avro+json;version=1.9.0"
DESCRIPTION = """Everything that Muniment does is on these topics: commands are requests, events are facts.
Values are Avro in Confluent framing; headers are CloudEvents 1.0 in binary mode with W3C trace context. Fields marked
`muniment.seals` are sealed under a key of their document: the `bytes` on the log hold the type named there."""
DEFAULT_PARTITIONS: Final = 12
"""Of a topic that does not say its own number, unless the setting does."""
PASSED_ON: Final = frozenset(topic.name for topic in (DLQ, *RETRY_TIERS, *REDELIVERY.values()))
"""Topics that carry records of others as they were: any event, with `retry_*` headers."""
PASSED: Final = "AnyRecord"
"""The message on those."""


def document(lineage: Mapping[str, Lineage], version: str) -> dict[str, Any]:
    """The whole document; `version` is Muniment's own."""
    every = declarations()
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Muniment: topics",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "description": "The broker of this installation.",
                "variables": {
                    "bootstrap": {"default": "localhost:9092", "description": "MUNIMENT_KAFKA_BOOTSTRAP"},
                },
            }
        },
        "channels": {topic.name: _channel(topic, every) for topic in TOPICS},
        "operations": _operations(every, lineage),
        "components": {
            "messages": {d.key: _message(d, lineage.get(d.key, Lineage())) for d in every} | {PASSED: _passed()},
            "schemas": {"headers": _headers(), "retry_headers": _retry_headers()},
        },
    }


def _channel(topic: Topic, every: Iterable[Declaration]) -> dict[str, Any]:
    keys = [PASSED] if topic.name in PASSED_ON else [d.key for d in every if d.topic == topic]
    return {
        "address": topic.name,
        "title": topic.name,
        "summary": topic.purpose,
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in keys},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions or DEFAULT_PARTITIONS,
                "topicConfiguration": {
                    "cleanup.policy": ["delete"],
                    "retention.ms": topic.retention_ms,
                    "max.message.bytes": topic.max_message_bytes,
                    "message.timestamp.after.max.ms": MAX_AHEAD_MS,
                },
                "bindingVersion": BINDING,
            }
        },
        "x-kept": kept(topic),
        "x-audited": topic.audited,
    }


def _message(declaration: Declaration, lineage: Lineage) -> dict[str, Any]:
    described = describe(declaration)
    keyed = next((f for f in described if f.name == declaration.keyed_by), None)
    key = {"type": "string", "description": f"{key_text(declaration)[:1].upper()}{key_text(declaration)[1:]}"}
    if keyed is not None and "uuid" in keyed.type:
        key["format"] = "uuid"
    shown = example.sample(declaration)
    record = encode(shown, example.metadata(declaration.key), example.KEY, example.nonce)
    return {
        "name": declaration.ce_type,
        "title": declaration.key,
        "summary": declaration.schema["doc"],
        "description": (declaration.cls.__doc__ or "").split("Attributes:")[0].strip(),
        "contentType": CONTENT_TYPE,
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": {"schemaFormat": AVRO, "schema": payload_schema(declaration, described)},
        "correlationId": {"location": "$message.header#/correlation_id"},
        "bindings": {
            "kafka": {
                "key": key,
                "schemaIdLocation": "payload",
                "schemaIdPayloadEncoding": "confluent",
                "bindingVersion": BINDING,
            }
        },
        "examples": [
            {
                "name": declaration.key,
                "summary": "As a reader with the document's key sees it.",
                "headers": {name: value.decode() for name, value in record.headers},
                "payload": to_json(shown),
            }
        ],
        "x-kind": "command" if declaration.command else "event",
        "x-schema-id": schema_ids.ids()[declaration.key],
        "x-personal-data": {f.name: f.personal for f in described},
        "x-producers": list(lineage.producers),
        "x-steps": list(lineage.steps),
        "x-projections": list(lineage.projections),
    }


def payload_schema(declaration: Declaration, described: Iterable[FieldDescription]) -> dict[str, Any]:
    """The registered Avro schema, its fields told of.

    `doc` and the properties that Avro does not know change neither the encoding nor the schema's fingerprint (its
    Parsing Canonical Form leaves them out), so that the registered schema stays what it is.
    """
    told: dict[str, Any] = _told(declaration.schema, tuple(described))
    return told


def _told(schema: Any, described: tuple[FieldDescription, ...]) -> Any:
    by_name = {f.name: f for f in described}
    return schema | {"fields": [_told_field(field, by_name[field["name"]]) for field in schema["fields"]]}


def _told_field(field: dict[str, Any], told: FieldDescription) -> dict[str, Any]:
    kind = _inside(field["type"], told) if told.inside else field["type"]
    return {"name": field["name"], "doc": told.meaning, "muniment.personal": told.personal} | field | {"type": kind}


def _inside(kind: Any, told: FieldDescription) -> Any:
    if isinstance(kind, list):
        return [_inside(one, told) for one in kind]
    if not isinstance(kind, dict):
        return kind
    if kind.get("type") == "record":
        return _told(kind, told.inside)
    return {
        name: _inside(one, told) if name in {"items", "values", "muniment.seals"} else one for name, one in kind.items()
    }


def _headers() -> dict[str, Any]:
    every = headers()
    return {
        "type": "object",
        "description": "Every header is text in UTF-8.",
        "required": [name for name, (_, always) in every.items() if always],
        "properties": {name: {"type": "string", "description": text} for name, (text, _) in every.items()},
        "additionalProperties": {"type": "string"},
    }


def _passed() -> dict[str, Any]:
    return {
        "name": PASSED,
        "title": "A record of another topic",
        "summary": "Any of the other messages, byte for byte as it was, with what befell it in headers.",
        "contentType": CONTENT_TYPE,
        "headers": {"$ref": "#/components/schemas/retry_headers"},
    }


def _retry_headers() -> dict[str, Any]:
    said = attributes(RetryState.__doc__ or "")
    own = {f"retry_{name}": {"type": "string", "description": text} for name, text in said.items()}
    every = _headers()
    return every | {"properties": every["properties"] | own}


def _operations(every: Iterable[Declaration], lineage: Mapping[str, Lineage]) -> dict[str, Any]:
    """What each part sends, and what each step reads, by part and channel."""
    found: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for declaration in every:
        known = lineage.get(declaration.key, Lineage())
        for part in known.producers:
            found[part, "send", declaration.topic.name].append(declaration.key)
        for part in (*known.steps, *(f"projection-{name}" for name in known.projections)):
            found[part, "receive", declaration.topic.name].append(declaration.key)
    return {
        f"{part}.{action}.{topic}": {
            "action": action,
            "title": f"{part} {'writes to' if action == 'send' else 'reads'} {topic}",
            "channel": {"$ref": f"#/channels/{topic}"},
            "messages": [{"$ref": f"#/channels/{topic}/messages/{key}"} for key in keys],
        }
        for (part, action, topic), keys in sorted(found.items())
    }
