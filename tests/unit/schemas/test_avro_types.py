"""Avro types from annotations."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import pytest

from muniment.schemas.avro_types import avro_type


class Colour(StrEnum):
    """A choice."""

    RED = "red"


@dataclass(frozen=True)
class Point:
    """A place."""

    x: int
    tags: tuple[Colour, ...] = ()


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (str, "string"),
        (int, "long"),
        (datetime, {"type": "long", "logicalType": "timestamp-millis"}),
        (UUID, {"type": "string", "logicalType": "uuid"}),
        (str | None, ["null", "string"]),
        (tuple[int, ...], {"type": "array", "items": "long"}),
        (Mapping[str, int | None], {"type": "map", "values": ["null", "long"]}),
        (Colour, "string"),
    ],
)
def test_an_annotation_has_its_schema(annotation: Any, schema: Any) -> None:
    """The table of supported types."""
    assert avro_type(annotation).schema == schema


@pytest.mark.parametrize(
    "annotation", [int | str, int | str | None, object, tuple[int, str], list[int], Mapping[int, str]]
)
def test_an_annotation_without_a_type_fails_at_declaration(annotation: Any) -> None:
    """What has no Avro type is a `TypeError` when the module is imported."""
    with pytest.raises(TypeError):
        avro_type(annotation)


def test_nested_values_are_converted_both_ways() -> None:
    """Records within arrays within optionals come back as the classes they were."""
    kind = avro_type(tuple[Point, ...])
    value = (Point(1, (Colour.RED,)), Point(2))
    assert kind.from_avro(kind.to_avro(value)) == value
    optional = avro_type(Point | None)
    assert optional.from_avro(optional.to_avro(None)) is None
    assert optional.from_avro(optional.to_avro(value[0])) == value[0]


def test_an_optional_field_has_a_default() -> None:
    """A reader that knows the field reads a record that has it not, and the other way round."""

    @dataclass(frozen=True)
    class Holder:
        """Holds."""

        maybe: str | None

    assert avro_type(Holder).schema["fields"] == [{"name": "maybe", "type": ["null", "string"], "default": None}]
