"""The AsyncAPI document is valid, and says of topics and events what is declared."""

import json
from pathlib import Path
from typing import Any

import fastavro.schema
import jsonschema_rs
import pytest

from muniment.schemas import asyncapi
from muniment.schemas.catalogue import declarations
from muniment.schemas.event_json import from_json
from muniment.schemas.lineage import lineage
from muniment.schemas.topics import DLQ, JOBS, TOPICS

SCHEMA = Path(__file__).parents[2] / "support" / "asyncapi" / "3.0.0.json"


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as the API serves it."""
    return asyncapi.document(lineage(), "1.2.3")


@pytest.fixture(scope="module")
def specification() -> jsonschema_rs.Draft7Validator:
    """What AsyncAPI 3.0.0 allows."""
    return jsonschema_rs.Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))


def test_the_document_is_asyncapi(document: dict[str, Any], specification: jsonschema_rs.Draft7Validator) -> None:
    """It is valid by the specification's own JSON schema."""
    assert [f"{list(e.instance_path)}: {e.message[:200]}" for e in specification.iter_errors(document)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("channels", "muniment.documents", "bindings", "kafka", "partitions"), "twelve"),
        (("operations", "api.send.muniment.commands.documents", "action"), "publish"),
        (("components", "messages", "DocumentIndexed.v1", "payload"), 5),
    ],
)
def test_the_specification_is_heeded(
    document: dict[str, Any], specification: jsonschema_rs.Draft7Validator, path: tuple[str, ...], value: Any
) -> None:
    """A wrong document is found wrong: the check above looks at bindings, operations and payloads."""
    wrong = json.loads(json.dumps(document))
    place = wrong
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    assert not specification.is_valid(wrong)


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    """Every `$ref` names a part of the document itself."""

    def refs(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if "$ref" in node else []
            return own + [ref for value in node.values() for ref in refs(value)]
        return [ref for value in node for ref in refs(value)] if isinstance(node, list) else []

    found = set(refs(document))
    assert found
    for ref in found:
        node = document
        assert ref.startswith("#/")
        for name in ref[2:].split("/"):
            node = node[name]


def test_every_topic_is_a_channel(document: dict[str, Any]) -> None:
    """With its retention, and the messages of the events that lie there."""
    assert document["channels"].keys() == {topic.name for topic in TOPICS}
    for declaration in declarations():
        assert declaration.key in document["channels"][declaration.topic.name]["messages"]
    assert document["channels"][DLQ.name]["messages"].keys() == {"AnyRecord"}
    assert "retry_fingerprint" in document["components"]["schemas"]["retry_headers"]["properties"]
    kafka = document["channels"][JOBS.name]["bindings"]["kafka"]
    assert kafka["topicConfiguration"]["retention.ms"] == 7 * 24 * 60 * 60 * 1000


def test_payloads_are_the_registered_schemas(document: dict[str, Any]) -> None:
    """The payload of a message is the schema on the wire: what is added tells, and changes no fingerprint."""
    for declaration in declarations():
        payload = document["components"]["messages"][declaration.key]["payload"]["schema"]
        assert all(field["doc"] for field in payload["fields"])
        ours, registered = (
            fastavro.schema.to_parsing_canonical_form(schema) for schema in (payload, declaration.schema)
        )
        assert ours == registered


def test_examples_are_events(document: dict[str, Any]) -> None:
    """The example of a message is one of its kind, under headers that the document names."""
    headers = document["components"]["schemas"]["headers"]
    for declaration in declarations():
        [shown] = document["components"]["messages"][declaration.key]["examples"]
        from_json(declaration.cls, shown["payload"])
        assert shown["headers"]["ce_type"] == declaration.ce_type
        assert shown["headers"].keys() <= headers["properties"].keys()
        assert set(headers["required"]) <= shown["headers"].keys()


def test_personal_fields_are_marked(document: dict[str, Any]) -> None:
    """A reader sees of every field whether it is sealed, leads to somebody, or neither."""
    message = document["components"]["messages"]["DocumentSubmitted.v1"]
    assert message["x-personal-data"]["file_name"] == "personal"
    assert message["x-personal-data"]["document_id"] == "pseudonym"
    assert message["x-personal-data"]["size_bytes"] == "none"
