"""Records of old versions read as the newest: made-up events, so that the way is walked before it is needed."""

from collections.abc import Mapping
from typing import Any

import pytest

from muniment.schemas import codec, example, schema_ids
from muniment.schemas.catalogue import declarations
from muniment.schemas.event import Declaration, DocumentEvent, event
from muniment.schemas.personal import REDACTED, Personal
from muniment.schemas.topics import DOCUMENTS
from muniment.schemas.upcasters import UPCASTERS, flaws


def _declared(version: int, fields: dict[str, Any]) -> Declaration:
    made = type("Weighed", (DocumentEvent,), {"__doc__": "A trial.", "__annotations__": fields})
    declared = event(topic=DOCUMENTS, version=version)(made).declaration
    schema_ids.ids()[declared.key] = 9000 + version
    schema_ids.names()[9000 + version] = declared.key
    return declared


def _to_grams(values: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = {name: value for name, value in values.items() if name != "kilograms"}
    return {**kept, "grams": values["kilograms"] * 1000}


def _with_unit(values: Mapping[str, Any]) -> Mapping[str, Any]:
    note = values["note"]
    return {**values, "unit": "g", "note": note if note is REDACTED else note.strip()}


def _versions() -> tuple[Declaration, Declaration, Declaration]:
    first = _declared(1, {"kilograms": int, "note": Personal[str]})
    second = _declared(2, {"grams": int, "note": Personal[str]})
    return first, second, _declared(3, {"grams": int, "unit": str, "note": Personal[str]})


def test_a_new_version_without_an_upcaster_is_told_so(open_registry: None) -> None:
    """The check that runs over the whole registry names the version and what to add."""
    _versions()
    UPCASTERS["Weighed", 1] = _to_grams
    (flaw,) = flaws(((d.name, d.version) for d in declarations()), UPCASTERS)
    assert flaw == "Weighed.v2 is not lifted to v3: add UPCASTERS['Weighed', 2] to schemas/upcasters.py"


@pytest.mark.parametrize(
    ("versions", "upcasters", "says"),
    [
        ([("Weighed", 1), ("Weighed", 3)], [("Weighed", 1)], "Weighed.v2 is not declared"),
        ([("Weighed", 1)], [("Weighed", 1)], "lifts to a version that is not declared"),
        ([], [("Gone", 1)], "lifts to a version that is not declared"),
    ],
)
def test_gaps_and_upcasters_to_nowhere_are_told(
    versions: list[tuple[str, int]], upcasters: list[tuple[str, int]], says: str
) -> None:
    """A version that was left out, and one that nobody declared."""
    assert says in flaws(versions, upcasters)[0]


@pytest.mark.parametrize("readable", [True, False])
def test_bytes_of_the_first_version_read_as_the_newest(open_registry: None, *, readable: bool) -> None:
    """Step by step, with what is sealed opened before and redacted where its key is gone."""
    first, second, third = _versions()
    UPCASTERS["Weighed", 1], UPCASTERS["Weighed", 2] = _to_grams, _with_unit
    key_of = (lambda _: example.KEY) if readable else (lambda _: None)
    for declared, grams in ((first, 3000), (second, 3), (third, 3)):
        record = codec.encode(example.example(declared), example.metadata("weighed"), example.KEY, example.nonce)
        back: Any = codec.decode(record, key_of).event
        assert type(back) is third.cls
        assert (back.grams, back.unit) == (grams, "unit 예시" if declared is third else "g")
        assert back.note == ("note 예시" if readable else REDACTED)
