"""The registry: one decorated class declares an event, and everything else follows from it.

Commands are imperative requests that may be refused; events are past-tense facts. Both are immutable. From the
declaration follow the Avro schema, the golden files, the topic, the round-trip and compatibility tests.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar, TypeVar, dataclass_transform, get_args, get_type_hints
from uuid import UUID

from muniment.schemas.avro_types import NAMESPACE, AvroType, Convert, avro_type, doc_of, field_schema
from muniment.schemas.personal import PersonalMark, Redaction
from muniment.schemas.topics import TOPICS, Topic


@dataclass(frozen=True, kw_only=True)
class Event:
    """Base of every command and event."""

    declaration: ClassVar["Declaration"]

    @property
    def key(self) -> str:
        """The key of its record: what it is about, whose records keep their order."""
        return str(getattr(self, self.declaration.keyed_by, self.declaration.keyed_by))

    @property
    def sealed_for(self) -> UUID | None:
        """What has the data key of its personal fields: a document, a project, a draft; `None` without such fields."""
        return getattr(self, self.declaration.sealed_by) if self.declaration.personal else None


@dataclass(frozen=True, kw_only=True)
class DocumentEvent(Event):
    """Base of what is said of a document. Its personal fields are sealed under the document's data key."""

    document_id: UUID


@dataclass(frozen=True)
class Declaration:
    """What the registry knows of one version of one event. `keyed_by`, `sealed_by`: see `event`."""

    cls: type[Event]
    name: str
    version: int
    topic: Topic
    command: bool
    keyed_by: str
    sealed_by: str
    clear: tuple[tuple[str, AvroType], ...]
    personal: tuple[tuple[str, AvroType], ...]

    @property
    def key(self) -> str:
        """The name under which the lock file and the golden files know it."""
        return f"{self.name}.v{self.version}"

    @property
    def ce_type(self) -> str:
        """The CloudEvents type."""
        return f"{NAMESPACE}.{self.key}"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of its fields, those in clear first."""
        return tuple(name for name, _ in (*self.clear, *self.personal))

    @cached_property
    def conversions(self) -> tuple[tuple[str, Convert], ...]:
        """What makes a field of an Avro value, for those fields that are not the very same."""
        return tuple((name, avro.from_avro) for name, avro in (*self.clear, *self.personal) if not avro.is_same)

    @property
    def schema(self) -> dict[str, Any]:
        """The Avro schema on the wire; a personal field is `bytes` and says what it seals."""
        sealed = {n: {"type": "bytes", "muniment.seals": t.schema} for n, t in self.personal}
        clear = {n: t.schema for n, t in self.clear}
        return {
            "type": "record",
            "name": self.name,
            "namespace": NAMESPACE,
            "doc": doc_of(self.cls),
            "fields": [field_schema(f.name, (clear | sealed)[f.name]) for f in fields(self.cls)],
        }


REGISTRY: dict[str, Declaration] = {}
"""Every declared event by `Name.vN`."""

E = TypeVar("E", bound=Event)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(
    *, topic: Topic, version: int = 1, command: bool = False, key: str = "document_id", sealed_by: str = ""
) -> Callable[[type[E]], type[E]]:
    """Declare an event (or, with `command=True`, a command) that travels on `topic`.

    `key` is the field whose value is the record's key; where the event has no such field, it is the key itself.
    `sealed_by` is the field that names what has the data key of its personal fields: a document, unless it is said.
    """

    def declare(cls: type[E]) -> type[E]:
        frozen = dataclass(frozen=True, kw_only=True)(cls)
        declaration = _declare(frozen, topic, version, command=command, keyed_by=key, sealed_by=sealed_by)
        if declaration.key in REGISTRY or topic not in TOPICS:
            raise TypeError(f"{declaration.key} is declared twice, or its topic is not in TOPICS")
        REGISTRY[declaration.key] = declaration
        frozen.declaration = declaration
        return frozen

    return declare


def _declare(
    cls: type[Event], topic: Topic, version: int, *, command: bool, keyed_by: str, sealed_by: str
) -> Declaration:
    if keyed_by == "document_id" and not issubclass(cls, DocumentEvent):
        raise TypeError(f"{cls.__name__} is about no document: say what its key is")
    hints = get_type_hints(cls, include_extras=True)
    clear, personal = [], []
    for f in fields(cls):
        if any(isinstance(m, PersonalMark) for m in getattr(hints[f.name], "__metadata__", ())):
            personal.append((f.name, avro_type(plain(hints[f.name]))))
        else:
            clear.append((f.name, avro_type(hints[f.name])))
    if not sealed_by and issubclass(cls, DocumentEvent):
        sealed_by = "document_id"
    if personal and hints.get(sealed_by) is not UUID:
        raise TypeError(f"{cls.__name__} has personal fields: say which field names what has their data key")
    return Declaration(cls, cls.__name__, version, topic, command, keyed_by, sealed_by, tuple(clear), tuple(personal))


def plain(annotation: Any) -> Any:
    """The type inside `Personal[...]`: the annotation without its redaction alternative."""
    union = get_args(annotation)[0]
    kept = [a for a in get_args(union) if Redaction.REDACTED not in get_args(a)]
    plain = kept[0]
    for other in kept[1:]:
        plain = plain | other
    return plain
