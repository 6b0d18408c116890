"""What is shown over a live channel, in the trail: entered before it is sent, as for every answer of the API.

An answer is one entry, with the mark of its question and every document that it may show. Predictions come ten times a
second, and show the same few titles again and again: of them an entry is written whenever a connection is to be shown a
document that it was not shown in the last minute. What was shown is on the record before it is seen; what was typed
is not, beyond the question that was asked in the end.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from uuid import UUID

from uuid_utils.compat import uuid7

from muniment.api.access import Principal
from muniment.api.auditing.entry import Asked, entry
from muniment.api.dependencies import Dependencies
from muniment.schemas.audit import DocumentTouched, Outcome
from muniment.schemas.metrics import AUDIT_ENTRIES

SOURCE = "muniment.api"
ANSWER, PREDICTIONS = "live.answer", "live.predictions"
SHOWN_FOR_S = 60.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is at the other end, as the trail names it; address and program end there, cut or marked."""

    who: Principal
    address: str
    user_agent: str


@dataclass
class Shown:
    """The documents that a connection was shown a moment ago."""

    until: dict[tuple[UUID, int], float] = field(default_factory=dict)

    def fresh(self, places: Iterable[tuple[UUID, int]], now: float) -> list[tuple[UUID, int]]:
        """Those that it was not, each once. `now` in seconds."""
        self.until = {place: until for place, until in self.until.items() if until > now}
        return [place for place in dict.fromkeys(places) if place not in self.until]

    def note(self, places: Iterable[tuple[UUID, int]], now: float) -> None:
        """From here on it was shown these."""
        self.until.update(dict.fromkeys(places, now + SHOWN_FOR_S))


async def enter_answer(deps: Dependencies, caller: Caller, question: str, documents: list[DocumentTouched]) -> None:
    """Enter that an answer from these documents is about to be shown.

    Raises:
        StepFailure: `disk_full`, `database_unavailable`; then nothing may be shown.

    """
    await _enter(deps, caller, ANSWER, documents, question)


async def enter_predictions(
    deps: Dependencies, caller: Caller, shown: Shown, places: Iterable[tuple[UUID, int]]
) -> None:
    """Enter the documents among these that the connection was not shown a moment ago. Raises as `enter_answer`."""
    if deps.trail is None:
        return
    now = monotonic()
    fresh = shown.fresh(places, now)
    if fresh:
        touched = [DocumentTouched(document_id, version, ()) for document_id, version in fresh]
        await _enter(deps, caller, PREDICTIONS, touched)
        # Not before: what was refused or broken off was not shown, and the next keystroke has to enter it.
        shown.note(fresh, now)


async def _enter(
    deps: Dependencies, caller: Caller, action: str, documents: list[DocumentTouched], question: str = ""
) -> None:
    if deps.trail is None:
        return
    who = caller.who
    asked = Asked(
        tenant=who.tenant,
        actor=who.actor,
        source=SOURCE,
        action=action,
        address=caller.address,
        user_agent=caller.user_agent,
        query=question,
    )
    secret = await deps.key_ring.tenant_key(who.tenant)
    record = entry(
        asked, Outcome.DONE, event_id=uuid7(), now=datetime.now(UTC), secret=secret, status=None, documents=documents
    )
    deps.trail.add(record)
    AUDIT_ENTRIES.labels(action, str(Outcome.DONE)).inc()
