"""What operators decide about building read models anew: events that are passed by, and differences they accept.

`place` is a place on the log, as `topic:partition:offset`. Reasons are kept in clear: they are about the house.
"""

from muniment.schemas.event import Event, event
from muniment.schemas.topics import COMMANDS_OPERATIONS, OPERATIONS


@event(topic=COMMANDS_OPERATIONS, command=True, key="projection")
class SkipEvent(Event):
    """Let a projection pass by the record at a place, in every replay and in continuous work."""

    projection: str
    place: str
    reason: str


@event(topic=COMMANDS_OPERATIONS, command=True, key="projection")
class UnskipEvent(Event):
    """Let a projection fold a record again that it was told to pass by; what passed it by has to be replayed."""

    projection: str
    place: str
    reason: str


@event(topic=OPERATIONS, key="projection")
class EventSkipped(Event):
    """From here on the projection passes by the record at this place, whoever folds it."""

    projection: str
    place: str
    reason: str


@event(topic=OPERATIONS, key="projection")
class EventUnskipped(Event):
    """From here on the projection folds the record at this place again."""

    projection: str
    place: str
    reason: str


@event(topic=OPERATIONS, key="projection")
class ReplayAccepted(Event):
    """An operator lets readers be switched to a replayed read model although it differs from the live one.

    `replaced` is the schema that was live, `schema` the one from the log, `differences` names each table that differs.

    Attributes:
        version: Of the projection.
        schema: The database schema that was built from the log.
        replaced: The one that was live until now.
        differences: Each table that differs, and how.

    """

    projection: str
    version: int
    schema: str
    replaced: str
    differences: tuple[str, ...]
    reason: str


@event(topic=OPERATIONS, key="projection")
class ReadModelDropped(Event):
    """An operator removes a schema that nobody reads: what was live before a switch, or a replay that was left.

    Attributes:
        version: Of the projection that filled it.
        schema: The database schema that is gone.
        kind: Why it was there: `replaced`, `partial`, `scratch` or `unfinished`.

    """

    projection: str
    version: int
    schema: str
    kind: str
    reason: str
