"""An event as JSON and back: what a person edits. Pure.

Ids and moments are text (ISO 8601), bytes are base64, personal fields whose key was destroyed read `[redacted]`.
"""

import base64
import binascii
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from muniment.schemas.event import Event, plain
from muniment.schemas.personal import Redaction

E = TypeVar("E", bound=Event)
T = TypeVar("T")
LONG = range(-(2**63), 2**63)
"""The whole numbers that Avro has."""
_SHOWN = 100
"""How much of a name that nobody knows is worth telling."""


class NotAnEvent(ValueError):
    """JSON that is not what the event wants; says where, never what was there."""


def to_json(event: Event) -> dict[str, Any]:
    """The event's fields as JSON."""
    return {f.name: _told(getattr(event, f.name)) for f in fields(event)}


def redacted_fields(event: Event) -> list[str]:
    """The fields that are gone because their key was destroyed."""
    return [f.name for f in fields(event) if isinstance(getattr(event, f.name), Redaction)]


def from_json(cls: type[E], given: Any) -> E:
    """The event that the JSON is; the inverse of `to_json` for events without redactions.

    Raises:
        NotAnEvent: a field is missing, not known, or of another type.

    """
    return _built(cls, given, "")


def _told(value: Any) -> Any:  # noqa: PLR0911 - one return a kind of type
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_told(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _told(one) for name, one in value.items()}
    if is_dataclass(value):
        return {f.name: _told(getattr(value, f.name)) for f in fields(value)}
    return value


def _built(cls: type[T], given: Any, path: str) -> T:
    hints = get_type_hints(cls, include_extras=True)
    names = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    if not isinstance(given, Mapping):
        raise NotAnEvent(f"{path or '/'}: an object is wanted")
    for name in given.keys() - set(names):
        raise NotAnEvent(f"{_below(path, name)}: there is no such field")
    for name in names:
        if name not in given:
            raise NotAnEvent(f"{path}/{name}: missing")
    return cls(**{name: _read(hints[name], given[name], f"{path}/{name}") for name in names})


def _long(given: int) -> int:
    if given not in LONG:
        raise ValueError("more than 64 bit")
    return given


def _text(given: str) -> str:
    # JSON can name half a character (a lone surrogate), which no record can hold.
    given.encode()
    return given


def _moment(given: str) -> datetime:
    moment = datetime.fromisoformat(given)
    if moment.tzinfo is None:
        raise ValueError("a moment without its zone")
    return moment.astimezone(UTC)


_LEAVES: dict[Any, tuple[type | tuple[type, ...], Callable[[Any], Any], str]] = {
    str: (str, _text, "text"),
    int: (int, _long, "a whole number of 64 bit"),
    float: ((int, float), float, "a number"),
    bool: (bool, bool, "true or false"),
    bytes: (str, lambda text: base64.b64decode(text, validate=True), "base64"),
    UUID: (str, UUID, "a UUID"),
    datetime: (str, _moment, "a moment with its zone (ISO 8601)"),
}


def _read(annotation: Any, given: Any, path: str) -> Any:  # noqa: PLR0911 - one return a kind of type
    if getattr(annotation, "__metadata__", None):
        return _read(plain(annotation), given, path)
    if annotation in _LEAVES:
        return _leaf(annotation, given, path)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in {types.UnionType, Union}:
        return None if given is None else _read(next(a for a in args if a is not type(None)), given, path)
    if origin is tuple:
        return tuple(_read(args[0], one, f"{path}/{i}") for i, one in enumerate(_a(list, given, path)))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        places = {name: _below(path, name) for name in _a(dict, given, path)}
        return {_leaf(str, name, at): _read(args[1], given[name], at) for name, at in places.items()}
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return _parsed(annotation, given, path, "one of the known names")
    return _built(annotation, given, path)


def _below(path: str, name: str) -> str:
    # The name is the patch's own: it may be as long as a record, or no text at all.
    return f"{path}/{name[:_SHOWN]}".encode(errors="replace").decode()


def _leaf(annotation: Any, given: Any, path: str) -> Any:
    kind, parse, wanted = _LEAVES[annotation]
    # `True` is an int to Python, and none to anybody else.
    if not isinstance(given, kind) or (isinstance(given, bool) and annotation is not bool):
        raise NotAnEvent(f"{path}: {wanted} is wanted")
    return _parsed(parse, given, path, wanted)


def _parsed(parse: Callable[[Any], T], given: Any, path: str, wanted: str) -> T:
    try:
        return parse(given)
    except (ValueError, OverflowError, binascii.Error):
        raise NotAnEvent(f"{path}: {wanted} is wanted") from None


def _a(kind: type[T], given: Any, path: str) -> T:
    if not isinstance(given, kind):
        raise NotAnEvent(f"{path}: {'a list' if kind is list else 'an object'} is wanted")
    return given
