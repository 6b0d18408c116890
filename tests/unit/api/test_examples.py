"""The OpenAPI document shows by example what every operation takes and gives."""

from typing import Any

import jsonschema
import pytest

from muniment.api.app import create_app
from muniment.api.settings import ApiSettings


class _Nothing:
    """Dependencies of an application that answers nothing."""

    settings = ApiSettings()


DOCUMENT = create_app(_Nothing()).openapi()  # type: ignore[arg-type]
OPERATIONS = {o["operationId"]: o for item in DOCUMENT["paths"].values() for o in item.values()}


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with its references at hand."""
    name = schema.get("$ref", "").removeprefix("#/components/schemas/")
    return DOCUMENT["components"]["schemas"][name] if name else schema


def holds(example: Any, schema: dict[str, Any]) -> None:
    """Raises unless the example is what the schema allows."""
    whole = {**schema, "components": DOCUMENT["components"]}
    jsonschema.validate(example, whole, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_parameter_has_a_valid_example(name: str) -> None:
    """A reader sees what to send."""
    for parameter in OPERATIONS[name].get("parameters", ()):
        holds(parameter["example"], parameter["schema"])


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_json_answer_has_a_valid_example(name: str) -> None:
    """A reader sees what comes back, problems included."""
    for answer in OPERATIONS[name]["responses"].values():
        for kind, content in answer.get("content", {}).items():
            if "json" not in kind:
                continue
            schema = content["schema"]
            given = [e["value"] for e in content.get("examples", {}).values()] or resolved(schema).get("examples", [])
            assert given, f"{name}: no example of {schema}"
            for example in given:
                holds(example, schema)


@pytest.mark.parametrize("name", [n for n, o in OPERATIONS.items() if "requestBody" in o])
def test_every_body_has_a_valid_example(name: str) -> None:
    """A reader sees what to send, as a form and as JSON."""
    for content in OPERATIONS[name]["requestBody"]["content"].values():
        given = [content["example"]] if "example" in content else resolved(content["schema"])["examples"]
        for example in given:
            holds(example, content["schema"])
