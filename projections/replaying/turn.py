"""One replay of a projection at a time, whoever starts them and wherever.

The turn is a lock that lives as long as its connection. Postgres hears at once that a client is gone, unless it is at
work for it (an index, say, for minutes): then it has to be told to look now and then whether anybody still listens.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import asyncpg

from muniment.projections.projection import Connection

TURN_S = 20.0
_TELL_S = 1.0
_PAUSE_S = 0.2
_LOOK = ("client_connection_check_interval = '1s'",)
"""Whether the client is there, while a statement runs; not every system that Postgres runs on can tell."""
_FAR = ("tcp_keepalives_idle = 30", "tcp_keepalives_interval = 10", "tcp_keepalives_count = 3")
"""A host that is gone without a word is noticed after a minute, not after two hours."""
# A lock with one key lies in `classid` and `objid` as two halves of 32 bits.
_HOLDER = """
select a.pid, a.application_name as name, coalesce(host(a.client_addr), 'this host') as host,
    to_char(a.backend_start at time zone 'utc', 'HH24:MI:SS') as since
from pg_locks l join pg_stat_activity a using (pid)
where l.locktype = 'advisory' and l.granted and l.objsubid = 1
    and l.database = (select oid from pg_database where datname = current_database())
    and l.classid::bigint = (hashtext($1)::bigint >> 32) & 4294967295
    and l.objid::bigint = hashtext($1)::bigint & 4294967295
"""


class Underway(Exception):
    """Another replay of this projection runs: `holder` says which."""

    def __init__(self, projection: str, holder: str) -> None:
        super().__init__(f"another replay of {projection} is under way: {holder}")
        self.holder = holder


@asynccontextmanager
async def turn(
    connection: Connection, projection: str, *, patient: bool, waiting: Callable[[str], None] = lambda _: None
) -> AsyncIterator[None]:
    """Hold the projection's turn on this connection.

    Args:
        connection: What holds it.
        projection: Its name.
        patient: Wait for it however long that takes.
        waiting: Told who has it, while it is waited for.

    Raises:
        Underway: Somebody else has it, and goes on having it.

    """
    for setting in _LOOK:
        with suppress(asyncpg.PostgresError):
            await connection.execute(f"set {setting}")
    await keep_alive(connection)
    name, waited = f"muniment replay {projection}", 0.0
    while not await connection.fetchval("select pg_try_advisory_lock(hashtext($1))", name):
        # Of a replay that was killed, the server lets go a moment later: that needs no word.
        if waited >= min(_TELL_S, TURN_S) and (holder := await _holder(connection, name)):
            waiting(holder)
            if waited >= TURN_S and not patient:
                raise Underway(projection, holder)
        await asyncio.sleep(_PAUSE_S)
        waited += _PAUSE_S
    try:
        yield
    finally:
        if not connection.is_closed():
            await connection.execute("select pg_advisory_unlock(hashtext($1))", name)


async def keep_alive(connection: Connection) -> None:
    """Let the system ask now and then whether the other end is there, where it can."""
    for setting in _FAR:
        with suppress(asyncpg.PostgresError):
            await connection.execute(f"set {setting}")


async def _holder(connection: Connection, lock: str) -> str:
    """Who has the lock; empty when nobody has it any more."""
    row = await connection.fetchrow(_HOLDER, lock)
    if row is None:
        return ""
    return f"{row['name']} (connection {row['pid']} from {row['host']} since {row['since']} UTC)"
