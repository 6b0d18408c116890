"""Position tokens: how a reader asks for its own writes.

A token names where the command lies on the log, and in which lane; a read with it waits, bounded, until the read model
has folded what was decided on that command. It is opaque to callers; a batch's token names one position a partition
and lane.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from functools import cache

from muniment.projections.registry import projection as registered
from muniment.schemas.metadata import LANES, in_lane, lane_of
from muniment.schemas.record import Position, Record
from muniment.schemas.topics import COMMANDS_DOCUMENTS, COMMANDS_ERASURES, COMMANDS_OPERATIONS, COMMANDS_PROJECTS

HEADER = "Muniment-Position"
OUTBOX = "muniment.outbox"
"""Stands for a topic in the token of a command that is not on the log yet: the offset is its number in the outbox."""
MAX_POSITIONS = 256
_LANES = frozenset(
    in_lane(Position(topic.name, 0, 0), lane).topic
    for topic in (COMMANDS_DOCUMENTS, COMMANDS_PROJECTS)
    for lane in LANES
)
_KNOWN = _LANES | {COMMANDS_OPERATIONS.name, COMMANDS_ERASURES.name, OUTBOX}
_FOLLOWED: Mapping[str, frozenset[str]] = {
    "dead_letters": frozenset({COMMANDS_OPERATIONS.name}),
    "operations": frozenset({COMMANDS_OPERATIONS.name}),
    "erasures": frozenset({COMMANDS_ERASURES.name}),
    "history": frozenset({COMMANDS_DOCUMENTS.name, COMMANDS_PROJECTS.name}),
    "jobs": frozenset({COMMANDS_DOCUMENTS.name, COMMANDS_PROJECTS.name}),
    "projects": frozenset({COMMANDS_PROJECTS.name}),
    "scripts": frozenset({COMMANDS_PROJECTS.name}),
}
"""Whose commands a projection follows by what was decided on them, unless it is those of documents alone."""
_OF_DOCUMENTS = frozenset({COMMANDS_DOCUMENTS.name})


def position_of(record: Record) -> Position:
    """The place the broker gave a command, in its lane; or its number in the outbox."""
    assert record.partition is not None, "a published record has a place"
    assert record.offset is not None, "a published record has a place"
    place = Position(record.topic, record.partition, record.offset)
    return place if record.topic == OUTBOX else in_lane(place, lane_of(record))


def concerns(projection: str, position: Position) -> bool:
    """Whether a projection ever gets to a place: of the topics that it reads, or of the commands behind what it reads.

    Most follow commands of documents, some those of others.
    """
    # A lane is named after its topic.
    topic = position.topic.partition("/")[0]
    return topic in _FOLLOWED.get(projection, _OF_DOCUMENTS) or topic in _read_by(projection)


@cache
def _read_by(projection: str) -> frozenset[str]:
    return frozenset(topic.name for topic in registered(projection).topics)


def to_token(positions: Iterable[Position]) -> str:
    """The token of one or many positions: of each partition only the furthest matters."""
    furthest: dict[tuple[str, int], Position] = {}
    for position in positions:
        # Numbers of the outbox end up in different partitions: each counts.
        place = (position.topic, position.offset if position.topic == OUTBOX else position.partition)
        if place not in furthest or furthest[place].offset < position.offset:
            furthest[place] = position
    text = ",".join(str(furthest[place]) for place in sorted(furthest))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def from_token(token: str) -> list[Position]:
    """The positions in a token.

    Raises:
        ValueError: when Muniment never gave out such a token.

    """
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode("ascii")
        found = [Position.parse(part) for part in text.split(",")]
    except (binascii.Error, ValueError) as error:
        raise ValueError("not a position token") from error
    known = all(p.topic in _KNOWN and 0 <= p.partition < 2**31 and 0 <= p.offset < 2**63 for p in found)
    if not known or len(found) > MAX_POSITIONS:
        raise ValueError("not a position token")
    return found
