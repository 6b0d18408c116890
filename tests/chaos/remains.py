"""What is left after what operators asked for: of erased documents, of letters that were sent back, of the outbox."""

import mmap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
from chaos.facts import Fact
from chaos.standing import ChaosStack
from support.files import files_below

from muniment.schemas.topics import CHUNKS, DOCUMENTS, REDELIVERY

PROGRAMS = frozenset({"lib", "venv", "models", "install", "pginstall"})
"""Folders of programs: nothing is written there."""
_KEYS = """
select count(*) from muniment_keys.data_keys
where tenant = $1 and document_id::text = any($2) and destroyed_at is null"""
_CHUNKS = "select count(*) from read.chunk_texts where tenant = $1 and document_id::text = any($2)"
_LETTERS = """
select document_id::text as document, event_id::text as event_id, status from read.dead_letters where tenant = $1"""
_OUTBOX = "select count(*) from muniment_access.outbox where position is null"
_ACCEPTED = "select count(*) from muniment_access.outbox"
_SAID = frozenset({DOCUMENTS.name, CHUNKS.name})
_REDELIVERY = frozenset(topic.name for topic in REDELIVERY.values())


@dataclass(frozen=True)
class Remains:
    """What was found: living `keys`, `chunks`, `hits` and `files` of erased documents; statuses of `letters` by name.

    `buried` has how many letters there are of each event, by its id.

    Of the commands that were `accepted` while the log was away, those in `outbox` never came to it.
    """

    keys: int = 0
    chunks: int = 0
    hits: int = 0
    files: Sequence[str] = ()
    letters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    buried: Mapping[str, int] = field(default_factory=dict)
    outbox: int = 0
    accepted: int = 0


def readable(remains: Remains, erasure: Mapping[str, Any]) -> list[str]:
    """What can still be read of documents that were erased, or that the erasure was never completed. Pure."""
    found = [] if erasure.get("status") == "completed" else [f"the erasure is {erasure.get('status', 'not known')}"]
    counts = {"data keys": remains.keys, "chunks in read models": remains.chunks, "hits of search": remains.hits}
    found += [f"{n} {what} of erased documents" for what, n in counts.items() if n]
    return found + [f"{name} holds words of an erased document" for name in remains.files]


def left(remains: Remains, unwanted: Iterable[str]) -> list[str]:
    """Letters that were not sent back, and commands that were accepted and never came to the log. Pure."""
    letters = {name: list(remains.letters.get(name, ())) for name in unwanted}
    found = [f"the letters of {name} are {ends}" for name, ends in letters.items() if set(ends) != {"redriven"}]
    return found + ([f"{remains.outbox} commands are left in the outbox"] if remains.outbox else [])


def buried_twice(remains: Remains, facts: Iterable[Fact], kills: int) -> list[str]:
    """Events with more dead letters than their step can have been given them. Pure.

    A step is given an event as often as the step before it said it (again, under the same id, when it was killed), and
    once more for each of the `kills` by which its own word that it is done may be lost.
    """
    said = Counter(fact.event_id for fact in facts if fact.topic in _SAID)
    return [
        f"event {event} has {n} dead letters, and was said {said[event]} times"
        for event, n in remains.buried.items()
        if n > said[event] + kills
    ]


def sent_twice(facts: Iterable[Fact]) -> list[str]:
    """Letters whose record lies on a redelivery topic more than once for one redrive. Pure."""
    sent = Counter((fact.redrive, fact.letter) for fact in facts if fact.topic in _REDELIVERY and fact.fresh_redrive)
    return [f"letter {letter} was sent back {n} times by one redrive" for (_, letter), n in sent.items() if n > 1]


async def remains(
    stack: ChaosStack, tenant: str, names: Mapping[str, str], *, erased: Sequence[str], secret: str
) -> Remains:
    """Look, but for `hits`. `erased` are ids of documents that were to be erased, if any; `secret` was in each."""
    connection = await asyncpg.connect(stack.database_url)
    try:
        letters: dict[str, list[str]] = {}
        buried: Counter[str] = Counter()
        for row in await connection.fetch(_LETTERS, tenant):
            buried[row["event_id"]] += 1
            letters.setdefault(names.get(row["document"], row["document"]), []).append(row["status"])
        return Remains(
            keys=await connection.fetchval(_KEYS, tenant, erased),
            chunks=await connection.fetchval(_CHUNKS, tenant, erased),
            files=holding(stack.home, secret.encode()) if erased else (),
            letters=letters,
            buried=buried,
            outbox=await connection.fetchval(_OUTBOX),
            accepted=await connection.fetchval(_ACCEPTED),
        )
    finally:
        await connection.close()


def holding(home: Path, wanted: bytes) -> list[str]:
    """The files that a stack has written, below its home and where its Postgres lives, that hold these bytes."""
    noted = home / "postgres-home"
    roots = [home, *([Path(noted.read_text().strip())] if noted.exists() else [])]
    found = []
    for root in roots:
        for path in files_below(root, without=PROGRAMS):
            try:
                with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    if data.find(wanted) >= 0:
                        found.append(str(path.relative_to(root)))
            except (OSError, ValueError):
                continue  # empty, or gone meanwhile: a segment of the WAL, a file of vectors
    return found
