"""Old readers read new records and new readers read old ones, over every event's successive versions."""

from collections.abc import Mapping
from typing import Any

import pytest

from muniment.schemas import codec, compatibility, example, export, schema_ids
from muniment.schemas.catalogue import declarations
from muniment.schemas.compatibility import Level
from muniment.schemas.event import REGISTRY, Declaration, DocumentEvent, event
from muniment.schemas.personal import REDACTED, Personal
from muniment.schemas.topics import DLQ
from muniment.schemas.upcasters import UPCASTERS, flaws


def versions() -> dict[str, list[Declaration]]:
    """Every event's declarations in the order of their versions."""
    found: dict[str, list[Declaration]] = {}
    for declared in sorted(declarations(), key=lambda d: d.version):
        found.setdefault(declared.name, []).append(declared)
    return found


def faults(new: Declaration, old: Declaration) -> list[str]:
    """What keeps `new` from following `old`."""
    return compatibility.incompatible(new.schema, old.schema)


def test_all_versions_read_each_other() -> None:
    """Over the committed history: no version of an event writes what another one could not read, inside seals, too."""
    assert export.faults() == []
    assert compatibility.of_history(export.committed()) == []
    assert set(export.committed()) == {d.key for d in declarations()}


def test_versions_have_no_gap_and_an_upcaster_each() -> None:
    """Versions are 1, 2, 3…, and each but the newest is lifted to the next."""
    assert flaws(((d.name, d.version) for d in declarations()), UPCASTERS) == []


@pytest.mark.parametrize("declared", declarations(), ids=lambda d: d.key)
def test_a_version_reads_itself(declared: Declaration) -> None:
    """The checker finds no fault where there is none."""
    assert faults(declared, declared) == []


def _two_versions(second: dict[str, Any]) -> tuple[Declaration, Declaration]:
    first = event(topic=DLQ)(
        type(
            "Tried", (DocumentEvent,), {"__doc__": "A trial.", "__annotations__": {"size": int, "name": Personal[str]}}
        )
    )
    annotations = {"size": int, "name": Personal[str]} | second
    other = event(topic=DLQ, version=2)(
        type("Tried", (DocumentEvent,), {"__doc__": "A trial.", "__annotations__": annotations})
    )
    return first.declaration, other.declaration


ID = {"name": "document_id", "type": {"type": "string", "logicalType": "uuid"}}


def record(*fields: dict[str, Any], name: str = "Tried") -> dict[str, Any]:
    """A schema."""
    return {"type": "record", "name": name, "namespace": "muniment", "fields": [ID, *fields]}


def sealed(inner: Any) -> dict[str, Any]:
    """The type of a personal field."""
    return {"type": "bytes", "muniment.seals": inner}


def nested(kind: Any) -> dict[str, Any]:
    """A field of this type in a record in a map in a list that may be absent."""
    part = {"type": "record", "name": "Part", "fields": [{"name": "text", "type": kind}]}
    says = {"name": "says", "type": {"type": "map", "values": part}}
    return {
        "name": "parts",
        "type": ["null", {"type": "array", "items": {"type": "record", "name": "Whole", "fields": [says]}}],
    }


SIZE = {"name": "size", "type": "long"}
PLACE: dict[str, Any] = {"name": "at", "type": {"type": "record", "name": "Place", "fields": []}}
NOTE = {"name": "note", "type": ["null", "string"], "default": None}
MADE_UP = [
    ("a required field comes", [SIZE], [SIZE, {"name": "colour", "type": "string"}], ["BACKWARD: field colour"]),
    ("a required field goes", [SIZE], [], ["FORWARD: field size"]),
    ("a field is renamed", [SIZE], [SIZE | {"name": "bytes"}], ["BACKWARD: field bytes", "FORWARD: field size"]),
    ("a type changes", [SIZE], [SIZE | {"type": "string"}], ["BACKWARD: field size", "FORWARD: field size"]),
    ("a type grows", [SIZE | {"type": "int"}], [SIZE], ["FORWARD: field size"]),
    (
        "a field may be absent now",
        [SIZE],
        [SIZE | {"type": ["null", "long"], "default": None}],
        ["FORWARD: field size"],
    ),
    (
        "a nested type changes",
        [{"name": "places", "type": {"type": "array", "items": "long"}}],
        [{"name": "places", "type": {"type": "array", "items": "string"}}],
        ["BACKWARD: field places", "FORWARD: field places"],
    ),
    (
        "a nested record gets a required field",
        [{"name": "at", "type": {"type": "record", "name": "Place", "fields": [SIZE]}}],
        [{"name": "at", "type": {"type": "record", "name": "Place", "fields": [SIZE, {"name": "x", "type": "long"}]}}],
        ["BACKWARD: field at"],
    ),
    (
        "what is inside a seal changes",
        [{"name": "text", "type": sealed("string")}],
        [{"name": "text", "type": sealed("long")}],
        ["SEALED: inside its seal field text", "SEALED: inside its seal field text"],
    ),
    (
        "a seal is broken",
        [{"name": "text", "type": sealed("string")}],
        [{"name": "text", "type": "bytes"}],
        ["SEALED: field text was sealed"],
    ),
    (
        "a field is sealed late",
        [{"name": "text", "type": "bytes"}],
        [{"name": "text", "type": sealed("bytes")}],
        ["SEALED: field text was in clear"],
    ),
    (
        "a field of another type takes its name over",
        [SIZE | {"default": 0}],
        [PLACE | {"aliases": ["size"], "default": {}}],
        ["BACKWARD: field at"],
    ),
    (
        "a seal is broken under another name",
        [{"name": "text", "type": sealed("string"), "default": ""}],
        [{"name": "words", "type": "string", "aliases": ["text"], "default": ""}],
        ["SEALED: field words was sealed"],
    ),
    (
        "a seal that may be absent is broken",
        [{"name": "text", "type": ["null", sealed("string")]}],
        [{"name": "text", "type": ["null", "bytes"]}],
        ["SEALED: field text was sealed"],
    ),
    (
        "what is inside a seal that may be absent changes",
        [{"name": "text", "type": ["null", sealed("string")]}],
        [{"name": "text", "type": ["null", sealed("long")]}],
        ["SEALED: inside its seal field text", "SEALED: inside its seal field text"],
    ),
    (
        "a seal deep inside is broken",
        [nested(sealed("string"))],
        [nested("bytes")],
        ["SEALED: field parts.says.text was sealed"],
    ),
]


@pytest.mark.parametrize(("old", "new", "wanted"), [row[1:] for row in MADE_UP], ids=[row[0] for row in MADE_UP])
def test_a_change_that_breaks_readers_is_named(
    old: list[dict[str, Any]], new: list[dict[str, Any]], wanted: list[str]
) -> None:
    """Each made-up change is refused with its field and its rule, and with nothing else."""
    found = compatibility.incompatible(record(*new), record(*old))
    assert [why[: len(start)] for why, start in zip(found, wanted, strict=True)] == wanted
    assert all("rule: " in why for why in found)


def test_a_name_stands_for_what_it_names() -> None:
    """A type that is named a second time, and a record that holds itself, are read as what they are."""
    colour = {"type": "enum", "name": "Colour", "symbols": ["RED"]}
    twice = record({"name": "first", "type": colour}, {"name": "second", "type": "muniment.Colour"})
    assert compatibility.incompatible(twice, twice) == []
    deep = record({"name": "text", "type": sealed("string")}, {"name": "next", "type": ["null", "muniment.Tried"]})
    assert compatibility.incompatible(deep, deep) == []


def test_an_optional_field_may_come_and_go() -> None:
    """What has a default is written or not, and read or not."""
    assert compatibility.incompatible(record(SIZE, NOTE), record(SIZE)) == []
    assert compatibility.incompatible(record(SIZE), record(SIZE, NOTE)) == []


def test_another_name_is_another_event() -> None:
    """A version keeps the name of its event."""
    found = compatibility.incompatible(record(name="Other"), record())
    assert found
    assert "rule: same name" in found[0]


def test_every_earlier_version_counts() -> None:
    """Transitive: the third version has to fit the first one, even where the second one fits both."""
    history = {
        "Tried.v1": record(SIZE),
        "Tried.v2": record(SIZE | {"default": 0}),
        "Tried.v3": record(SIZE, {"name": "more", "type": "long", "default": 0}),
        "Tried.v4": record(),
    }
    found = compatibility.of_history(history)
    assert {why.split(":")[0] for why in found} == {"Tried.v4 against Tried.v1", "Tried.v4 against Tried.v3"}


def test_the_level_decides() -> None:
    """BACKWARD_TRANSITIVE lets new versions drop what FULL_TRANSITIVE holds on to; NONE lets everything pass."""
    pair = record(), record(SIZE)
    assert compatibility.incompatible(*pair, Level.BACKWARD_TRANSITIVE) == []
    assert compatibility.incompatible(*pair, Level.FULL_TRANSITIVE) != []
    assert compatibility.incompatible({"type": "string"}, record(SIZE), Level.NONE) == []
    assert compatibility.incompatible("string", record(SIZE), Level.BACKWARD_TRANSITIVE) != []


def test_what_is_committed_is_not_edited_and_not_dropped() -> None:
    """An edit is named with what it would break, an undeclared version with why it has to stay."""
    committed = {"Tried.v1": record(SIZE), "Gone.v1": record(name="Gone")}
    found = compatibility.of_change({"Tried.v1": record(SIZE | {"type": "string"})}, committed)
    assert [why.split(":")[0] for why in found] == [
        "Tried.v1 was edited",
        "Tried.v1 as edited against Tried.v1 as committed",
        "Tried.v1 as edited against Tried.v1 as committed",
        "Gone.v1 is committed and not declared any more",
    ]


def _lifted(values: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**values, "colour": None}


def test_an_optional_field_goes_both_ways_and_is_lifted(open_registry: None) -> None:
    """A second version with an optional field is compatible; a record of the first reads as the second."""
    old, new = _two_versions({"colour": str | None})
    assert faults(new, old) == []
    for number, declared in enumerate((old, new), start=9001):
        schema_ids.ids()[declared.key] = number
        schema_ids.names()[number] = declared.key
    UPCASTERS["Tried", 1] = _lifted
    record = codec.encode(example.example(old), example.metadata("tried"), example.KEY)
    back = codec.decode(record, lambda _: example.KEY).event
    assert type(back) is new.cls is REGISTRY["Tried.v2"].cls
    assert (back.colour, back.size, back.name) == (None, 3, "name 예시")  # type: ignore[attr-defined]
    assert codec.decode(record, lambda _: None).event.name is REDACTED  # type: ignore[attr-defined]
