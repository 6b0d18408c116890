"""A record of the log as the checks see it: who said what of which job, and when it was due."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from muniment.schemas.ids import result_id
from muniment.schemas.record import Record
from muniment.schemas.retry_headers import REDRIVE_ID, REDRIVE_LETTER
from muniment.schemas.topics import RETRY_TIERS

MOST_BATCHES = 200
TIERS = {topic.name: place for place, topic in enumerate(RETRY_TIERS)}


@dataclass(frozen=True)
class Fact:
    """One record. `kind` is the event's name; those from `due_ms` on are of a retry, nought and empty without one.

    `redrive` and `letter` are of a record that was redriven.
    """

    topic: str
    partition: int
    offset: int
    at_ms: int
    kind: str
    event_id: str
    job: str
    cause: str
    document: str
    due_ms: int = 0
    step: str = ""
    code: str = ""
    first_failed_ms: int = 0
    failures: int = 0
    tier: int = -1
    redrive: str = ""
    letter: str = ""

    @property
    def fresh_redrive(self) -> bool:
        """Whether it is what a redrive sent, and not a retry of that."""
        return bool(self.redrive) and self.failures == 0


def facts_of(records: Iterable[Record], tenant: str) -> list[Fact]:
    """The facts of one tenant, in the order of the records."""
    return [_fact(record) for record in records if record.header("tenant") == tenant]


def batch_of(fact: Fact) -> int:
    """Which batch of its document a `ChunksPrepared` is, told from its id alone; -1 for an id that is not derived."""
    cause = UUID(fact.cause)
    wanted = (n for n in range(MOST_BATCHES) if str(result_id(cause, "chunking", fact.kind, n)) == fact.event_id)
    return next(wanted, -1)


def once(facts: Iterable[Fact]) -> list[Fact]:
    """Without repeats: the first of each event id on each topic."""
    seen: set[tuple[str, str]] = set()
    found = []
    for fact in facts:
        place = (fact.topic, fact.event_id)
        if place not in seen:
            seen.add(place)
            found.append(fact)
    return found


def _fact(record: Record) -> Fact:
    words = (record.header("ce_type") or "").split(".")
    return Fact(
        topic=record.topic,
        partition=record.partition or 0,
        offset=record.offset or 0,
        at_ms=record.timestamp_ms or 0,
        kind=words[-2] if len(words) > 1 else "",
        event_id=record.header("ce_id") or "",
        job=record.header("correlation_id") or "",
        cause=record.header("causation_id") or "",
        document=record.key.decode("utf-8", "replace"),
        due_ms=int(record.header("retry_due_ms") or 0),
        step=record.header("retry_step") or "",
        code=record.header("retry_code") or "",
        first_failed_ms=int(record.header("retry_first_failed_ms") or 0),
        failures=int(record.header("retry_attempt") or 0) + int(record.header("retry_waits") or 0),
        tier=TIERS.get(record.topic, -1),
        redrive=record.header(REDRIVE_ID) or "",
        letter=record.header(REDRIVE_LETTER) or "",
    )
