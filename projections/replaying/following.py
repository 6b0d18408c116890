"""Whether the live read model has come as far as what an earlier replay has loaded.

While a replay catches up it may pass the live one. Nobody can go back there to compare, and where nobody folds the live
one it would be waited for without end.
"""

import asyncio
from collections.abc import Callable
from time import monotonic

from muniment.projections.projection import Connection
from muniment.projections.replaying.comparison import reached
from muniment.projections.replaying.load import Load, Stopped

PATIENCE_S = 60.0
"""Without a step ahead. A worker that died keeps its partitions for ten seconds, and the next one has to begin."""
_PAUSE_S = 0.25


async def followed(connection: Connection, live: str, load: Load, waiting: Callable[[], None]) -> bool:
    """Whether it has, or does while it comes nearer; `waiting` is called while it has not.

    Raises:
        Stopped: the load is to stop.

    """
    since, come = monotonic(), -1
    while True:
        theirs, mine = [await reached(connection, schema, load.partitions) for schema in (live, load.schema)]
        if all(mine[place] <= theirs[place] for place in load.partitions):
            return True
        if load.stop.is_set():
            raise Stopped
        if (now := sum(theirs.values())) != come:
            since, come = monotonic(), now
        if monotonic() - since > PATIENCE_S:
            return False
        waiting()
        await asyncio.sleep(_PAUSE_S)
