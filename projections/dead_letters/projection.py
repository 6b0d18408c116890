"""The dead letters read model."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import ClassVar
from uuid import UUID

from muniment.projections.dead_letters.facts import facts_of, failed_again
from muniment.projections.dead_letters.fate import Fact, Fate, Released, evolve
from muniment.projections.dead_letters.letter import DeadLetter, letter_of
from muniment.projections.projection import Connection, Item, Projection
from muniment.projections.upsert import built, upsert, values
from muniment.schemas.codec import Envelope
from muniment.schemas.metrics import DEAD_LETTERS_WAITING
from muniment.schemas.operations import (
    DeadLetterEdited,
    DeadLetterQuarantined,
    DeadLetterRedriven,
    DeadLettersDiscarded,
    RedriveEnded,
    RedriveStarted,
)
from muniment.schemas.record import Record
from muniment.schemas.topics import DLQ, OPERATIONS, STEP_NAMES

_NAMES = tuple(f.name for f in fields(DeadLetter))
_COLUMNS = ", ".join(f'"{n}"' for n in _NAMES)
_PLACES = ", ".join(f"${i}" for i in range(1, len(_NAMES) + 1))
# The names are the fields of a class of this code.
_ADD = f"insert into {{s}}.dead_letters ({_COLUMNS}) values ({_PLACES}) on conflict do nothing"  # noqa: S608
_NEW = "insert into {s}.seen select distinct unnest($1::uuid[]) on conflict do nothing returning event_id"
_FATES = "insert into {s}.fates (letter) select unnest($1::text[]) on conflict do nothing"
_LOCK = """
select * from {s}.fates where letter = any($1) or (taken and redrive_id = any($2)) order by letter for update
"""
_COUNT = """
select step, count(*) as letters from {s}.dead_letters left join {s}.fates using (letter)
where coalesce(status, 'waiting') in ('waiting', 'edited', 'quarantined') group by step
"""
_VIEW = """
select l.*, coalesce(f.status, 'waiting') as status,
    case when f.taken or f.times > 0 then f.redrive_id end as redriven_by, f.failed_as,
    coalesce(f.edits, 0) as edits, f.reason, f.actor, f.changed_at
from {schema}.dead_letters l left join {schema}.fates f using (letter)
"""


class DeadLetters(Projection):
    """Every record on the dead-letter topic, decodable or not, and what operators did with it."""

    name = "dead_letters"
    version = 4
    topics = (DLQ, OPERATIONS)
    raw_topics = frozenset({DLQ.name})
    handles = (
        RedriveStarted,
        DeadLetterRedriven,
        RedriveEnded,
        DeadLettersDiscarded,
        DeadLetterQuarantined,
        DeadLetterEdited,
    )
    tables = ("dead_letters", "fates", "seen")
    views: ClassVar = {"dead_letters": _VIEW}

    async def apply(self, connection: Connection, schema: str, batch: Sequence[Item]) -> object:
        """See `Projection.apply`."""
        letters = [letter_of(item) for item in batch if isinstance(item, Record)]
        if letters:
            await connection.executemany(_ADD.format(s=schema), [values(letter, _NAMES) for letter in letters])
        fresh = await _unseen(connection, schema, [item for item in batch if isinstance(item, Envelope)])
        facts = [fact for item in fresh for fact in facts_of(item)]
        await _fold(connection, schema, [*facts, *(fact for letter in letters for fact in failed_again(letter))])
        return None

    async def measure(self, connection: Connection, schema: str) -> None:
        """Set how many wait for an operator, by step: what an alarm looks at."""
        found = {row["step"]: row["letters"] for row in await connection.fetch(_COUNT.format(s=schema))}
        for step in {*STEP_NAMES, *found}:
            DEAD_LETTERS_WAITING.labels(step).set(found.get(step, 0))


async def _unseen(connection: Connection, schema: str, items: Sequence[Envelope]) -> list[Envelope]:
    """Those that were not folded before, each once."""
    if not items:
        return []
    rows = await connection.fetch(_NEW.format(s=schema), [item.meta.event_id for item in items])
    left: set[UUID] = {row["event_id"] for row in rows}
    fresh = []
    for item in items:
        if item.meta.event_id in left:
            left.remove(item.meta.event_id)
            fresh.append(item)
    return fresh


async def _fold(connection: Connection, schema: str, facts: Iterable[Fact]) -> None:
    every = list(facts)
    if not every:
        return
    named = sorted({fact.letter for fact in every if fact.letter is not None})
    over = [fact.what.redrive_id for fact in every if isinstance(fact.what, Released)]
    await connection.execute(_FATES.format(s=schema), named)
    rows = await connection.fetch(_LOCK.format(s=schema), named, over)
    before = {row["letter"]: built(Fate, row) for row in rows}
    after = dict(before)
    for fact in every:
        for letter in after if fact.letter is None else (fact.letter,):
            after[letter] = evolve(after[letter], fact)
    changed = [fate for letter, fate in sorted(after.items()) if fate != before[letter]]
    await upsert(connection, f"{schema}.fates", ("letter",), changed)
