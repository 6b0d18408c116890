"""Bodies in JSON: what the OpenAPI document forbids is refused, property by property and kind by kind."""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Annotated, Any

import jsonschema_rs
import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from muniment.api.app import create_app
from muniment.api.dead_letters.requests import Redriving
from muniment.api.numbers import NUMBER, number_in
from muniment.api.settings import ApiSettings

ODD: tuple[Any, ...] = (
    True, False, 0, 1, 5, 1.5, "0", "5", "1.5", "true", "on", "", None, [], [0], ["0"], {}, {"a": 0},
)  # fmt: skip
"""Of each kind that JSON knows, those first that Python takes for another."""


class _Nothing:
    """Dependencies of an application that answers nothing."""

    settings = ApiSettings()


def _routes(found: Iterable[Any]) -> Iterator[APIRoute]:
    for one in found:
        if isinstance(one, APIRoute):
            yield one
        elif inner := getattr(one, "original_router", None):
            yield from _routes(inner.routes)


@cache
def bodies() -> dict[str, tuple[dict[str, Any], Any]]:
    """Of every operation with a body of its own in JSON: its schema with all components, and what reads it."""
    app = create_app(_Nothing())  # type: ignore[arg-type]
    document = app.openapi()
    read_by = {one.operation_id: one.body_field for one in _routes(app.routes) if one.body_field}
    found = {}
    for item in document["paths"].values():
        for operation in item.values():
            said = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if said and operation["operationId"] in read_by:
                schema = {**said["schema"], "components": document["components"]}
                found[operation["operationId"]] = schema, read_by[operation["operationId"]].field_info.annotation
    return found


def test_there_are_bodies_to_look_at() -> None:
    """All the operations with numbers, and those with yes or no, are among them."""
    assert set(bodies()) > {"searchByBody", "redriveDeadLetters", "estimateMigration", "moveEpisode", "setFlag"}


@pytest.mark.parametrize("operation_id", sorted(bodies()))
def test_a_body_that_the_document_forbids_is_refused(operation_id: str) -> None:
    """`true` is no number, nor is `"5"`; `1` is no yes; no number is a time: whatever Python makes of them."""
    schema, kind = bodies()[operation_id]
    validator, reads = jsonschema_rs.validator_for(schema), TypeAdapter(kind)
    described = schema["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
    right = described["examples"][0] if described.get("examples") else {}
    taken = []
    for name in described.get("properties", {}):
        for value in ODD:
            body = {**right, name: value}
            if validator.is_valid(body):
                continue
            try:
                reads.validate_python(body)
            except ValidationError:
                continue
            taken.append((name, value))
    assert taken == []


@pytest.mark.parametrize("operation_id", sorted(bodies()))
def test_the_document_tells_the_bounds_of_numbers(operation_id: str) -> None:
    """A number that is refused for its size is refused by the document, too."""
    schema, kind = bodies()[operation_id]
    validator, reads = jsonschema_rs.validator_for(schema), TypeAdapter(kind)
    described = schema["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema
    right = described["examples"][0] if described.get("examples") else {}
    for name in described.get("properties", {}):
        for value in (-(10**12), -1, 10**12):
            body = {**right, name: value}
            if validator.is_valid(body):
                assert reads.validate_python(body), (name, value)


@pytest.mark.parametrize(
    ("text", "number"), [("5", 5), ("0.2", 0.2), ("0", 0), ("", ""), ("five", "five"), ("on", "on"), ("1,5", "1,5")]
)
def test_a_form_says_numbers_in_text(text: str, number: float | str) -> None:
    """As the number that it is, or as it stands there, for the limits of the request to refuse."""
    assert (number_in(text), type(number_in(text))) == (number, type(number))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_json_does_not_call_a_number_is_none(value: float) -> None:
    """Python's reader of JSON takes `NaN` and `Infinity`; a rate of letters that is none would never send one."""
    with pytest.raises(ValidationError, match="finite"):
        TypeAdapter(Annotated[float, NUMBER]).validate_python(value)
    with pytest.raises(ValidationError):
        Redriving.model_validate({"reason": "healed", "rate": value})
