"""The registry and the files that follow from it."""

import json
from pathlib import Path

import avro.schema
import pytest

from muniment.schemas import event as registry
from muniment.schemas.avro_types import AvroType
from muniment.schemas.catalogue import MODULES, declarations
from muniment.schemas.commands import SubmitDocument
from muniment.schemas.event import REGISTRY, Declaration, DocumentEvent, Event, event
from muniment.schemas.operations import DeadLettersDiscarded, FlagChanged
from muniment.schemas.personal import Personal
from muniment.schemas.schema_ids import ids
from muniment.schemas.topics import COMMANDS_DOCUMENTS, DLQ, Topic

FOLDER = Path(registry.__file__).parent
EVERY = pytest.mark.parametrize("declared", declarations(), ids=lambda d: d.key)


@EVERY
def test_the_committed_schema_is_the_declaration(declared: Declaration) -> None:
    """Each version's `.avsc` says what its class says."""
    path = FOLDER / "avro" / f"{declared.key}.avsc"
    assert path.exists(), f"{path.name} is missing: run `make schemas` and commit what it writes"
    assert json.loads(path.read_text("utf-8")) == declared.schema, (
        f"{declared.key} was changed after it was declared: declare a new version and an upcaster, then `make schemas`"
    )


@EVERY
def test_every_version_has_golden_bytes_and_an_id(declared: Declaration) -> None:
    """`make schemas` was run after the declaration."""
    assert (FOLDER / "golden" / f"{declared.key}.json").exists(), "run `make schemas`"
    assert declared.key in ids(), "run `make schemas`"


def test_no_file_outlives_its_declaration() -> None:
    """What is on the log for ever keeps its declaration: no schema, golden record or id without one."""
    keys = set(REGISTRY)
    assert {p.stem for p in (FOLDER / "avro").glob("*.avsc")} == keys
    assert {p.stem for p in (FOLDER / "golden").glob("*.json")} == keys
    assert set(ids()) == keys


@EVERY
def test_avro_itself_accepts_the_schema(declared: Declaration) -> None:
    """The reference implementation parses it, and it has a sentence of documentation."""
    parsed = avro.schema.parse(json.dumps(declared.schema))
    assert parsed.fullname == f"muniment.{declared.name}"  # type: ignore[attr-defined]
    assert declared.schema["doc"].endswith((".", ":"))


@EVERY
def test_every_event_lies_on_one_place_in_its_module(declared: Declaration) -> None:
    """Its class is found under its name in a catalogued module, so the newest version is the one that is imported."""
    newest = max(d.version for d in declarations() if d.name == declared.name)
    if declared.version == newest:
        assert any(getattr(module, declared.name, None) is declared.cls for module in MODULES)


@EVERY
def test_times_are_milliseconds(declared: Declaration) -> None:
    """No schema holds micros or nanos, which Flink misreads."""
    assert "timestamp-micros" not in json.dumps(declared.schema)
    assert "nanos" not in json.dumps(declared.schema)


@EVERY
def test_only_top_level_fields_are_personal(declared: Declaration) -> None:
    """A sealed field is a field of the event itself: nothing deeper says that it seals."""
    for field in declared.schema["fields"]:
        inner = field["type"]
        if isinstance(inner, dict) and "muniment.seals" in inner:
            assert "muniment.seals" not in json.dumps(inner["muniment.seals"])
            assert inner["type"] == "bytes"
        else:
            assert "muniment.seals" not in json.dumps(inner)


def test_a_nested_personal_field_is_no_type() -> None:
    """Marking a field inside another value as personal fails at declaration, not on the log."""
    with pytest.raises(TypeError):

        @event(topic=DLQ)
        class Nested(DocumentEvent):
            """Never declared."""

            names: tuple[Personal[str], ...]

    assert "Nested.v1" not in REGISTRY


def test_an_event_is_declared_once(open_registry: None) -> None:
    """The same name and version twice is an error, and so is a topic that nobody creates."""

    @event(topic=DLQ)
    class Twice(DocumentEvent):
        """Declared once."""

    with pytest.raises(TypeError, match="twice"):
        event(topic=DLQ)(type("Twice", (DocumentEvent,), {"__doc__": "Again."}))
    with pytest.raises(TypeError, match="topic"):
        event(topic=Topic("elsewhere", "not ours"))(type("Lost", (DocumentEvent,), {"__doc__": "Lost."}))


def test_what_is_about_no_document_says_its_key(open_registry: None) -> None:
    """A field of its own or a name for all of its kind; without either it is not declared."""
    assert FlagChanged(flag="outbox", value=True, reason="").key == "outbox"
    assert DeadLettersDiscarded(letters=(), how="command", reason="").key == "dead_letters"
    with pytest.raises(TypeError, match="key"):
        event(topic=DLQ)(type("Homeless", (Event,), {"__doc__": "About nothing."}))


def test_a_declaration_knows_its_own(open_registry: None) -> None:
    """Name, version, topic, CloudEvents type and what is personal all follow from the class."""
    declared = SubmitDocument.declaration
    assert (declared.key, declared.ce_type) == ("SubmitDocument.v1", "muniment.SubmitDocument.v1")
    assert declared.topic is COMMANDS_DOCUMENTS
    assert declared.command
    assert {n for n, _ in declared.personal} == {"file_name", "title", "metadata"}
    assert all(isinstance(t, AvroType) for _, t in declared.clear)
