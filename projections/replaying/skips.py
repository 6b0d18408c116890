"""What operators skip, and skip no more, while a read model is being built anew.

A rebuild passes by what was skipped when it began. A place that it has left behind since then it cannot treat
otherwise: what was folded there is among its rows, what was passed by is missing. Such a rebuild is no rebuild from
zero any more, and is begun anew.
"""

from collections.abc import Collection, Mapping

from muniment.projections import checkpoint
from muniment.projections.batch import Place
from muniment.projections.checkpoint import Partition
from muniment.projections.projection import Connection
from muniment.schemas.record import Position

_FILLED = "select schema, passed from read.rebuilds where projection = $1"
_NOTE = "update read.rebuilds set passed = $2 where projection = $1"


def overtaken(before: Collection[Place], now: Collection[Place], reached: Mapping[Partition, int]) -> frozenset[Place]:
    """The places that were treated as `before` and would be treated otherwise `now`: those that lie behind."""
    return frozenset(place for place in {*before} ^ {*now} if place[2] < reached.get(place[:2], 0))


async def changed_behind(connection: Connection, projection: str, now: Collection[Place]) -> frozenset[Place]:
    """`overtaken`, of the rebuild of a projection that has been begun."""
    row = await connection.fetchrow(_FILLED, projection)
    if row is None:
        return frozenset()
    before = {_place(text) for text in row["passed"] or ()}
    return overtaken(before, now, await checkpoint.read(connection, row["schema"]))


async def note(connection: Connection, projection: str, passed: Collection[Place]) -> None:
    """Write down what the rebuild of a projection passes by from here on."""
    await connection.execute(_NOTE, projection, sorted(str(Position(*place)) for place in passed))


def _place(text: str) -> Place:
    found = Position.parse(text)
    return found.topic, found.partition, found.offset
