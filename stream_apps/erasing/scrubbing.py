"""Takes what was erased out of Postgres' files: a deleted row stays in its page, its index and the WAL for a while.

What Postgres does and does not (its manual, "Routine Vacuuming" and "WAL Configuration"): DELETE marks a row; VACUUM
frees its space and does not overwrite it; a GIN index never drops a word; the planner's statistics keep common values;
old WAL segments are renamed for new use with what is in them. So the tables that held something are rewritten (VACUUM
FULL makes new files and truncates the old ones), statistics are made anew, and the WAL is switched and checkpointed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import asyncpg
import structlog

from muniment.producers.postgres import database
from muniment.stream_apps.erasing.places import HOUSE, OF_DRAFTS, READ_MODELS
from muniment.stream_apps.erasing.stores import About, Erased, Forgotten

LOCK_S = 3
"""How long a table's lock is waited for at a time: whoever comes after this waits behind it (seconds)."""
TRIES = 40
OLD_READERS_S = 60.0
"""How long transactions that may still see the rows are waited for (seconds)."""
_LEAVES = """
select n.nspname as schema, c.relname as "table", c.oid, pg_total_relation_size(c.oid) as bytes
from pg_class c join pg_namespace n on n.oid = c.relnamespace
left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent
where c.relkind = 'r' and c.relpersistence <> 't' and (
    n.nspname || '.' || c.relname = any($1)
    or (coalesce(p.relname, c.relname) = any($2)
        and exists (select from pg_class x where x.relnamespace = n.oid and x.relname = 'parked'))
) order by bytes"""
_COLUMNS = """
select a.attname from pg_attribute a join pg_statistic s on s.starelid = a.attrelid and s.staattnum = a.attnum
where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped"""
# VACUUM keeps what the oldest snapshot of this database may still see, and VACUUM FULL what its own does: that reaches
# back to the oldest transaction that is open anywhere in the cluster, other databases included.
_OLDER = """
select pg_snapshot_xmin(pg_current_snapshot())::text::bigint <= $1::bigint or exists (
    select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
    and age(backend_xmin) >= age(($1::bigint % 4294967296)::text::xid))"""
_PARENTS = """
select n.nspname as schema, c.relname as "table", c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'p' and c.relname = any($1)"""
_OF_READ_MODELS = sorted({place.table for place in READ_MODELS} | {name.partition(".")[2] for name in OF_DRAFTS})
log = structlog.get_logger(__name__)


class PostgresFiles:
    """See `Store`. `connect` opens a connection without a time limit.

    A table larger than `rewrite_bytes` is not rewritten, as its readers would wait too long: its dead rows are freed
    and its indexes made anew beside the old ones; a rebuild of the read model, and the drop of the old one, ends it.
    """

    name = "database files"

    def __init__(self, connect: Callable[[], Awaitable[Any]], *, rewrite_bytes: int) -> None:
        self._connect = connect
        self._rewrite_bytes = rewrite_bytes

    async def count(self, what: About) -> int:
        """See `Store.count`: bytes have no owner."""
        del what
        return 0

    async def erase(self, what: Forgotten) -> Erased:
        """See `Store.erase`. Readers of a table wait while it is rewritten."""
        del what
        async with database():
            connection = await self._connect()
        try:
            async with database():
                return await self._scrubbed(connection)
        finally:
            connection.terminate()

    async def _scrubbed(self, connection: Any) -> Erased:
        notes = [] if await _alone(connection) else ["a transaction older than the erasure was still open"]
        await connection.execute(f"set lock_timeout = '{LOCK_S}s'")
        tables = await connection.fetch(_LEAVES, list(HOUSE), _OF_READ_MODELS)
        for table in tables:
            whole = table["bytes"] <= self._rewrite_bytes
            if not await self._rewritten(connection, table, whole=whole):
                notes.append(
                    f"{table['table']}: freed, not rewritten; its pages are overwritten as they are used again"
                )
        await _statistics(connection, tables)
        notes += await _wal(connection)
        return Erased(note="; ".join(notes) or "tables and indexes rewritten, statistics made anew, WAL switched")

    async def _rewritten(self, connection: Any, table: Any, *, whole: bool) -> bool:
        name = f'"{table["schema"]}"."{table["table"]}"'
        if whole and await _patiently(connection, f"vacuum (full) {name}"):
            return True
        await _patiently(connection, f"vacuum {name}")
        await connection.execute("set lock_timeout = 0")  # one that gives up half-way leaves a broken index behind
        await _patiently(connection, f"reindex table concurrently {name}")
        await connection.execute(f"set lock_timeout = '{LOCK_S}s'")
        return False


async def _alone(connection: Any) -> bool:
    """Wait until nobody can see rows that are deleted by now; whether nobody can."""
    mine = await connection.fetchval("select pg_current_xact_id()::text::bigint")
    for _ in range(int(OLD_READERS_S / 0.5)):
        oldest = await connection.fetchval(_OLDER, mine)
        if not oldest:
            return True
        await asyncio.sleep(0.5)
    return False


async def _patiently(connection: Any, statement: str) -> bool:
    """Run a statement that wants a table for itself: try for a moment, let others through, try again."""
    for _ in range(TRIES):
        try:
            await connection.execute(statement)
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(0.25)
        except asyncpg.DeadlockDetectedError:
            await asyncio.sleep(0.25)
        except (asyncpg.InsufficientPrivilegeError, asyncpg.ObjectNotInPrerequisiteStateError) as error:
            log.warning("not_scrubbed", statement=statement, error=type(error).__name__)
            return False
        except asyncpg.UndefinedTableError:
            return True  # an old version of a read model, dropped meanwhile
        else:
            return True
    log.warning("not_scrubbed", statement=statement, error="its lock was never free")
    return False


async def _statistics(connection: Any, tables: Sequence[Any]) -> None:
    """Throw away what the planner remembers of values, and let it look again at what is there now."""
    parents = await connection.fetch(_PARENTS, _OF_READ_MODELS)
    for table in [*tables, *parents]:
        for column in await connection.fetch(_COLUMNS, table["oid"]):
            for inherited in (False, True):
                await _permitted(
                    connection,
                    "select pg_clear_attribute_stats($1, $2, $3, $4)",
                    table["schema"],
                    table["table"],
                    column["attname"],
                    inherited,
                )
    # What was thrown away is seen by nobody any more, either: an automatic ANALYZE may just be under way.
    await _alone(connection)
    await _patiently(connection, "vacuum (full) pg_catalog.pg_statistic")
    for table in tables:
        await _patiently(connection, f'analyze "{table["schema"]}"."{table["table"]}"')


async def _wal(connection: Any) -> list[str]:
    """Begin a new segment and let go of those before it. They are only gone where `wal_recycle` is off."""
    for statement in ("select pg_switch_wal()", "checkpoint", "select pg_switch_wal()", "checkpoint"):
        if not await _permitted(connection, statement):
            return ["the WAL could not be switched with the rights of this account: it is recycled in its own time"]
    if await connection.fetchval("show wal_recycle") != "off":
        return ["wal_recycle is on: old WAL is overwritten as it is used again"]
    return []


async def _permitted(connection: Any, statement: str, *values: object) -> bool:
    try:
        await connection.fetch(statement, *values)
    except (asyncpg.InsufficientPrivilegeError, asyncpg.UndefinedFunctionError) as error:
        log.warning("not_scrubbed", statement=statement, error=type(error).__name__)
        return False
    return True
