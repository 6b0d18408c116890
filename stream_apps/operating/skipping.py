"""What a command to pass an event by leads to. Pure. Whether the projection exists the API has said already."""

from collections.abc import Collection

from muniment.schemas.record import Position
from muniment.schemas.replays import EventSkipped, EventUnskipped, SkipEvent, UnskipEvent
from muniment.schemas.topics import TOPICS

Skipped = Collection[tuple[str, str]]
"""Projections with the places that they pass by now."""
_NAMES = frozenset(topic.name for topic in TOPICS)


def skip(command: SkipEvent | UnskipEvent, skipped: Skipped) -> EventSkipped | EventUnskipped:
    """The event that the command leads to.

    Raises:
        LookupError: with a code and a reason, when it is decided against.

    """
    if not command.reason.strip():
        raise LookupError("reason_missing", "say why: the reason goes on the record")
    place, is_skipped = _checked(command.place), (command.projection, command.place) in skipped
    if isinstance(command, SkipEvent):
        if is_skipped:
            raise LookupError("skipped_already", f"{command.projection} passes by {place} already")
        return EventSkipped(projection=command.projection, place=place, reason=command.reason)
    if not is_skipped:
        raise LookupError("not_skipped", f"{command.projection} does not pass by {place}")
    return EventUnskipped(projection=command.projection, place=place, reason=command.reason)


def _checked(text: str) -> str:
    try:
        place = Position.parse(text)
    except ValueError:
        raise LookupError("bad_place", f"{text[:100]!r} is no place on the log: write topic:partition:offset") from None
    if place.topic not in _NAMES or min(place.partition, place.offset) < 0:
        raise LookupError("bad_place", f"there is no topic {place.topic[:100]!r}, or nothing lies at {text[-40:]!r}")
    return str(place)
