"""The subjects of a schema registry: under which names clients look for the schema of a record. Pure.

A topic here holds several events, so the strategy is *TopicRecordNameStrategy*: `<topic>-muniment.<Event>`, whose
versions are the event's. The same versions stand under *RecordNameStrategy*, `muniment.<Event>`. Clients that ask for
`<topic>-value` (*TopicNameStrategy*, everybody's default) find every schema that the topic may hold, as versions in
the order of their ids, with compatibility `NONE`: what they decode by is the id in the record, and that is there.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from muniment.schemas.compatibility import EVENTS, Level
from muniment.schemas.event import Declaration
from muniment.schemas.schema_ids import ids
from muniment.schemas.topics import DLQ, TOPICS


@dataclass(frozen=True, slots=True)
class Registered:
    """A schema with the id that records carry."""

    schema_id: int
    key: str
    schema: Mapping[str, Any]

    @property
    def text(self) -> str:
        """The schema as JSON, as short as it goes: what registries hand out."""
        return json.dumps(self.schema, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Subject:
    """A name with its schemas; the version of a schema is its place among them, from 1."""

    name: str
    level: Level
    schemas: tuple[Registered, ...]

    def version_of(self, schema_id: int) -> int | None:
        """The version under which the subject has the schema of that id."""
        numbers = [number for number, one in enumerate(self.schemas, 1) if one.schema_id == schema_id]
        return numbers[0] if numbers else None


def registered(declared: Iterable[Declaration]) -> tuple[Registered, ...]:
    """Every schema in the order of the ids, which is that of their declaration."""
    found = (Registered(ids()[one.key], one.key, one.schema) for one in declared)
    return tuple(sorted(found, key=lambda one: one.schema_id))


def subjects(declared: Iterable[Declaration]) -> dict[str, Subject]:
    """Every subject by its name, in the order of names.

    The dead letters are records of all topics as they were: their `-value` has every schema. The topics of retries
    hold such records, too, but are nobody's to read.
    """
    declared = tuple(declared)
    by_key = {one.key: one for one in registered(declared)}
    topic_of = {one.key: one.topic.name for one in declared}
    held: dict[str, list[Registered]] = {}
    for key, one in by_key.items():
        full = f"{one.schema['namespace']}.{one.schema['name']}"
        held.setdefault(f"{topic_of[key]}-{full}", []).append(one)
        held.setdefault(full, []).append(one)
    events = {name: Subject(name, EVENTS, tuple(schemas)) for name, schemas in held.items()}
    for topic in TOPICS:
        own = tuple(one for key, one in by_key.items() if topic is DLQ or topic_of[key] == topic.name)
        if own:
            events[f"{topic.name}-value"] = Subject(f"{topic.name}-value", Level.NONE, own)
    return dict(sorted(events.items()))
