"""Apply the migrations in the order of their names, each once, each in a transaction of its own.

A runner of our own, since what is needed is forty lines on the driver that is there anyway: plain SQL files, forward
only, one runner at a time, and an error when a file that was applied has been edited since.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

LOCK = 0x6D756E696D656E74
"""The advisory lock that lets one runner in at a time ("muniment")."""
NAME = re.compile(r"^\d{4}_[a-z0-9_]+\.sql$")


@dataclass(frozen=True)
class Migration:
    """One SQL file. `checksum` is the SHA-256 of its text."""

    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """What the database remembers of it."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


class EditedMigrationError(RuntimeError):
    """A migration that was already applied has another text now."""


def migrations() -> tuple[Migration, ...]:
    """All that come with this version, in the order of application."""
    found = [file for file in files(__package__).iterdir() if NAME.match(file.name)]
    return tuple(Migration(file.name, file.read_text("utf-8")) for file in sorted(found, key=lambda file: file.name))


def pending(known: Sequence[Migration], applied: dict[str, str]) -> tuple[Migration, ...]:
    """Those not yet applied. Raises `EditedMigrationError` when an applied one has changed."""
    for migration in known:
        if applied.get(migration.name, migration.checksum) != migration.checksum:
            raise EditedMigrationError(f"{migration.name} was edited after it was applied: add a new one instead")
    return tuple(migration for migration in known if migration.name not in applied)


async def applied(connection: asyncpg.Connection) -> dict[str, str]:
    """Name and checksum of what the database has seen; empty for a new one."""
    if not await connection.fetchval("SELECT to_regclass('public.muniment_migrations') IS NOT NULL"):
        return {}
    return {row["name"]: row["checksum"] for row in await connection.fetch("SELECT * FROM public.muniment_migrations")}


async def apply_migrations(dsn: str) -> tuple[str, ...]:
    """Bring a database up to date and return the names of what was applied. Safe to run twice and side by side."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS public.muniment_migrations"
            " (name text PRIMARY KEY, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        todo = pending(migrations(), await applied(connection))
        for migration in todo:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO public.muniment_migrations (name, checksum) VALUES ($1, $2)",
                    migration.name,
                    migration.checksum,
                )
    finally:
        await connection.close()
    return tuple(migration.name for migration in todo)
