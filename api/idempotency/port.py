"""The port to the first answers: what becomes of a request with a key, and what is kept of its answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given the first time; headers are those that the application itself set."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reserved:
    """The ids that a request's commands have, whoever carries it out and how often.

    Attributes:
        job_id: Of the command, or of the first of several.
        document_id: Of the document, if it is a new one.
        holder: Who carries it out now.
        since: When the request was first heard of.
        again: Somebody began it before, so that its command may be on the log already.

    """

    job_id: UUID
    document_id: UUID
    holder: UUID
    since: datetime
    again: bool = False


@dataclass(frozen=True, slots=True)
class UnderWay:
    """Somebody else carries out the same request right now."""


@dataclass(frozen=True, slots=True)
class OtherRequest:
    """The key was used for another request."""


Begun = Reserved | KeptAnswer | UnderWay | OtherRequest


class IdempotencyStore(Protocol):
    """Where the first answers are kept. Every method raises `StepFailure(database_unavailable)`."""

    async def begin(self, tenant: str, key: str, fingerprint: bytes) -> Begun:
        """Claim the request, unless it was answered or is under way; of several who ask at once one gets it."""
        ...

    async def extend(self, tenant: str, key: str, holder: UUID) -> None:
        """Say that the request is still under way."""
        ...

    async def answered(self, tenant: str, key: str, answer: KeptAnswer) -> None:
        """Keep the answer; the first one stays."""
        ...

    async def interrupted(self, tenant: str, key: str, holder: UUID) -> None:
        """Nothing final came of it: whoever repeats it may carry it out, under the same ids."""
        ...

    async def forget(self, tenant: str, key: str, holder: UUID) -> None:
        """It was refused before anything came of it: the key is free again."""
        ...

    async def blank(self, tenant: str, about: UUID) -> None:
        """Take the words out of kept answers about something that was deleted, and about all that is in it."""
        ...


def kept_headers(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Those headers of an answer that belong to it, and not to the connection or the request."""
    return tuple((name, value) for name, value in headers if name.lower() not in _NOT_KEPT)


_NOT_KEPT = frozenset({"content-length", "date", "server", "connection", "transfer-encoding"})
