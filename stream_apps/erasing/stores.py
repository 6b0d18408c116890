"""The port to what may hold something of a document, beside the log: each store counts, erases and reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

CACHES_S = 3.0
"""After so long no process uses a destroyed key from memory (see `PostgresKeyRing`), nor has files of vectors."""
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class About:
    """Of what an erasure is: documents and, where it names a person, that person (see `producers.subjects`)."""

    tenant: str
    documents: Sequence[UUID]
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What is to go.

    `told_at` is when the erasure was said of each document, by the database's clock like all that is compared with it:
    what was submitted under its id after that is a new life of it, and stays. `keyless_at` is when the last
    of its keys was destroyed; nothing when there was none left to destroy. `erasure_id`, `actor` (who decided it) and
    `traceparent` go into what a store itself says on the log. `subject` is the person, as in `About`.
    """

    tenant: str
    documents: Sequence[UUID]
    told_at: datetime
    keyless_at: datetime | None
    erasure_id: UUID = _NOBODY
    actor: str = ""
    traceparent: str = ""
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Erased:
    """What a store says after it erased: things that another document shares, and what a reader has to know."""

    kept: int = 0
    note: str = ""


class Store(Protocol):
    """A place where something of a document may be. Adding one is one entry in `infra.erasing.stores`.

    Attributes:
        name: What it is called on receipts.

    """

    name: str

    async def count(self, what: About) -> int:
        """How many things it holds of this that an erasure removes."""
        ...

    async def erase(self, what: Forgotten) -> Erased:
        """Remove them; twice is once. Raises `StepFailure` when something that it needs is away: tried again later."""
        ...
