"""Fold one batch: rows, checkpoints and the wake-up of waiting readers in one transaction.

A record that cannot be folded is found by halving the batch under savepoints. What becomes of it is the caller's
choice: continuous mode parks it and goes on, a rebuild stops and names it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from muniment.projections import checkpoint
from muniment.projections.away import is_away, said
from muniment.projections.batch import Entry, Place, beyond
from muniment.projections.generations import raised
from muniment.projections.live import live_schema
from muniment.projections.projection import Connection, Item, Projection
from muniment.projections.rows import named
from muniment.schemas.errors import MunimentError
from muniment.schemas.metadata import event_name
from muniment.schemas.record import Position
from muniment.schemas.topics import COMMANDS_DOCUMENTS, COMMANDS_PROJECTS, PROJECTS

CHANNEL = "muniment_read"
"""The channel on which a committed batch is announced; the payload is the projection's name."""

_PARK = """
insert into {schema}.parked (topic, partition, "offset", event_id, event_type, error)
values ($1, $2, $3, $4, $5, $6) on conflict do nothing
"""


Sound = tuple[Entry, Item]
"""An entry whose record was decoded."""


class Switched(Exception):
    """The live schema is another one since the batch was read: start over from that one's checkpoints."""


class PoisonRecord(Exception):
    """A record cannot be folded, and the caller asked to stop at the first."""

    def __init__(self, entry: Entry, error: BaseException) -> None:
        topic, partition = entry.partition
        self.place = str(Position(topic, partition, entry.offset))
        self.event = event_name(entry.record) or "no event"
        super().__init__(f"{self.place} ({self.event}) cannot be folded: {said(error)}")
        self.entry = entry


@dataclass(slots=True)
class Folded:
    """What a committed batch did. `passed` are those of the `doubted` places that could not be folded."""

    applied: int = 0
    parked: int = 0
    results: list[object] = field(default_factory=list)
    doubted: Collection[Place] = frozenset()
    passed: set[Place] = field(default_factory=set)


async def fold(
    connection: Connection,
    projection: Projection,
    schema: str,
    entries: Sequence[Entry],
    *,
    rebuilding: bool = False,
    doubted: Collection[Place] = frozenset(),
) -> Folded:
    """Fold what the checkpoints of `schema` have not passed yet.

    Args:
        connection: Idle.
        projection: Whose fold.
        schema: Where to.
        entries: What was read.
        rebuilding: Stop at a record that cannot be folded, and look at no pointer.
        doubted: Places whose records may be impossible to fold: then they are passed by, and told.

    Raises:
        Switched: `schema` is not live any more (never when `rebuilding`).
        PoisonRecord: a record cannot be folded, when `rebuilding`.
        Exception: whatever asyncpg raises when the database is away (see `is_away`); nothing was changed then.

    """
    done = Folded(doubted=doubted)
    async with connection.transaction():
        positions = await checkpoint.lock(connection, schema, {e.partition for e in entries})
        # After the lock: a switch takes the whole table, so from here on the pointer cannot move.
        if not rebuilding and await live_schema(connection, projection.name) != schema:
            raise Switched
        fresh = beyond(entries, positions)
        if not fresh:
            return done
        await _apply(connection, projection, schema, fresh, done, stop=rebuilding)
        await checkpoint.advance(connection, schema, _reached(projection, fresh))
        if not rebuilding:
            if projection.answered_from:
                await raised(connection, _tenants(fresh))
            await connection.execute("select pg_notify($1, $2)", CHANNEL, projection.name)
    return done


def _tenants(entries: Sequence[Entry]) -> set[str]:
    """Whose rows what was folded can have changed."""
    return {named(tenant) for e in entries if e.item is not None and (tenant := e.record.header("tenant"))}


def _reached(projection: Projection, entries: Sequence[Entry]) -> dict[checkpoint.Partition, int]:
    records = [e.record for e in entries]
    reached = checkpoint.after(records)
    commands = {t.name for t in (COMMANDS_DOCUMENTS, COMMANDS_PROJECTS) if t in projection.topics}
    if commands:
        told = checkpoint.commanded(r for r in records if r.topic in commands) | reached
        if COMMANDS_PROJECTS.name in commands:
            return told
        # Commands of documents by themselves, those of projects, if at all, by what they led to.
        return checkpoint.decided(r for r in records if r.topic == PROJECTS.name) | told
    return checkpoint.decided(r for r in records if r.topic not in projection.raw_topics) | reached


async def _apply(
    connection: Connection, projection: Projection, schema: str, entries: Sequence[Entry], done: Folded, *, stop: bool
) -> None:
    sound: list[Sound] = []
    for entry in entries:
        if isinstance(entry.item, MunimentError):
            await _poison(connection, schema, entry, entry.item, done, stop=stop)
        elif entry.item is not None:
            sound.append((entry, entry.item))
    if sound:
        await _halve(connection, projection, schema, sound, done, stop=stop)


async def _halve(
    connection: Connection, projection: Projection, schema: str, entries: Sequence[Sound], done: Folded, *, stop: bool
) -> None:
    try:
        async with connection.transaction():
            result = await projection.apply(connection, schema, [i for _, i in entries])
    except Exception as error:
        # Whatever a fold raises, the record is at fault unless the database is: it must not stop the others.
        if is_away(error):
            raise
        if len(entries) == 1:
            await _poison(connection, schema, entries[0][0], error, done, stop=stop)
            return
        middle = len(entries) // 2
        await _halve(connection, projection, schema, entries[:middle], done, stop=stop)
        await _halve(connection, projection, schema, entries[middle:], done, stop=stop)
    else:
        done.applied += len(entries)
        done.results.append(result)


async def _poison(
    connection: Connection, schema: str, entry: Entry, error: BaseException, done: Folded, *, stop: bool
) -> None:
    topic, partition = entry.partition
    if (topic, partition, entry.offset) in done.doubted:
        done.passed.add((topic, partition, entry.offset))
        return
    if stop:
        raise PoisonRecord(entry, error) from error
    record = entry.record
    await connection.execute(
        _PARK.format(schema=schema),
        topic,
        partition,
        entry.offset,
        named(record.header("ce_id") or "") or None,
        named(event_name(record)),
        said(error),
    )
    done.parked += 1
