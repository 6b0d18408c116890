"""A deterministic example of every event: what the golden files hold and the catalogue shows."""

import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import NAMESPACE_OID, UUID, uuid5

from muniment.schemas.event import Declaration, Event, plain
from muniment.schemas.metadata import Metadata
from muniment.schemas.sealing import DataKey
from muniment.schemas.vocabulary import WORDS

KEY = DataKey(UUID(int=7), bytes(range(32)))
"""The published key under which the personal fields of the examples are sealed; it guards nothing."""


def nonce(size: int) -> bytes:
    """A fixed nonce: examples are compared byte for byte, and their key is public anyway."""
    return b"\x05" * size


def metadata(name: str) -> Metadata:
    """The envelope of the example of that name."""
    return Metadata(
        event_id=uuid5(NAMESPACE_OID, name),
        tenant="acme",
        correlation_id=uuid5(NAMESPACE_OID, "job"),
        causation_id=uuid5(NAMESPACE_OID, "cause"),
        time=datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
        source="muniment.example",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        actor="key:example",
    )


def example(declaration: Declaration) -> Event:
    """An event of that declaration with a value in every field."""
    hints = get_type_hints(declaration.cls, include_extras=True)
    return declaration.cls(**{f.name: _value(hints[f.name], f.name) for f in fields(declaration.cls)})


def sample(declaration: Declaration) -> Event:
    """The example as people are shown it: with the values that the vocabulary has for its fields."""
    return _shown(declaration.cls)


T = TypeVar("T")


def _shown(cls: type[T]) -> T:
    hints = get_type_hints(cls, include_extras=True)
    return cls(**{f.name: _sample(hints[f.name], f.name) for f in fields(cls)})  # type: ignore[arg-type]


def _sample(annotation: Any, name: str) -> Any:
    if getattr(annotation, "__metadata__", None):
        return _sample(plain(annotation), name)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in {types.UnionType, Union}:
        return _sample(args[0], name)
    if origin is tuple:
        return (_sample(args[0], name),)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {_KEYS.get(name, name): _sample(args[1], name)}
    word = WORDS.get(name)
    if is_dataclass(annotation) and isinstance(annotation, type):
        return _shown(annotation)
    return word.sample if word and isinstance(word.sample, annotation) else _value(annotation, name)


_KEYS = {"metadata": "project", "findings": "email", "selection": "step"}
"""What a map of that name may have as a key."""

_LEAVES: dict[type, Callable[[str], Any]] = {
    UUID: lambda name: uuid5(NAMESPACE_OID, name),
    str: lambda name: f"{name} 예시",
    int: lambda _: 3,
    float: lambda _: 0.5,
    bool: lambda _: True,
    bytes: lambda _: b"\x01\x02\x03",
    datetime: lambda _: datetime(2026, 1, 2, tzinfo=UTC),
}


def _value(annotation: Any, name: str) -> Any:
    if getattr(annotation, "__metadata__", None):
        return _value(plain(annotation), name)
    if annotation in _LEAVES:
        return _LEAVES[annotation](name)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in {types.UnionType, Union}:
        return _value(args[0], name)
    if origin is tuple:
        return (_value(args[0], name),) * 2
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {name: _value(args[1], name)}
    if is_dataclass(annotation) and isinstance(annotation, type):
        hints = get_type_hints(annotation)
        return annotation(**{f.name: _value(hints[f.name], f.name) for f in fields(annotation)})
    raise TypeError(f"no example for {annotation!r}")
