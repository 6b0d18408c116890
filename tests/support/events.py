"""Hypothesis strategies for every declared event, from the declarations alone: a new event is covered with no edit."""

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from hypothesis import strategies as st

from muniment.schemas.event import Declaration, Event, plain
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Position
from muniment.schemas.sealing import DataKey

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST_MS = 4_102_444_800_000  # the year 2100

texts = st.text(max_size=30)
words = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="-_."), min_size=1, max_size=20)
moments = st.integers(0, LAST_MS).map(lambda ms: EPOCH + timedelta(milliseconds=ms))
uuids = st.uuids(allow_nil=True)

_LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=40),
    UUID: uuids,
    datetime: moments,
}


def values(annotation: Any) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - one return a kind of type
    """Values of an annotation that an event may use (the list is that of `avro_types`)."""
    if getattr(annotation, "__metadata__", None):
        return values(plain(annotation))
    if annotation in _LEAVES:
        return _LEAVES[annotation]
    if annotation is type(None):
        return st.none()
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in {types.UnionType, Union}:
        return st.one_of(*(values(a) for a in args))
    if origin is tuple:
        return st.lists(values(args[0]), max_size=4).map(tuple)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(texts, values(args[1]), max_size=4)
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return st.sampled_from(annotation)
    if is_dataclass(annotation) and isinstance(annotation, type):
        return _built(annotation)
    raise TypeError(f"no strategy for {annotation!r}")


def _built(cls: Any) -> st.SearchStrategy[Any]:
    hints = get_type_hints(cls, include_extras=True)
    return st.builds(cls, **{f.name: values(hints[f.name]) for f in fields(cls)})


def events(declaration: Declaration) -> st.SearchStrategy[Event]:
    """Any event of a declaration."""
    return _built(declaration.cls)


traceparents = st.builds(
    lambda trace, span: f"00-{trace.hex()}-{span.hex()}-01",
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=8, max_size=8),
)
positions = st.builds(Position, words, st.integers(0, 999), st.integers(0, 2**40))
metadata = st.builds(
    Metadata,
    event_id=uuids,
    tenant=st.text(min_size=1, max_size=20),
    correlation_id=uuids,
    causation_id=uuids,
    time=moments,
    source=words.map(lambda w: f"muniment.{w}"),
    traceparent=st.just("") | traceparents,
    actor=texts,
    command_position=st.just("") | positions.map(str),
)
data_keys = st.builds(DataKey, uuids, st.binary(min_size=32, max_size=32))
