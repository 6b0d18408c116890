"""What operators read, in memory."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from muniment.api.answers import DeadLetter
from muniment.api.operation_reads.answers import (
    Breaker,
    DeadLetterGroup,
    Flag,
    FlagChange,
    Operation,
    Redrive,
    RestingLetters,
    StepState,
)
from muniment.api.operation_reads.rows import breaker_answer, flag_answers, letter_place, resting_answer, step_answers
from muniment.api.pages import Page
from muniment.projections.dead_letters.queries import MOST_GROUPS, DeadLetterFilter, RestingRow
from muniment.schemas.breakers import BREAKERS

NOW = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)


def letter(dead_letter_id: str, **about: Any) -> DeadLetter:
    """A dead letter that waits."""
    told: dict[str, Any] = {
        "status": "waiting",
        "step": "embedding",
        "code": "provider_rejected",
        "category": "permanent",
        "detail": "the endpoint answered 400",
        "attempts": 1,
        "origin": "muniment.chunks:3:42",
        "fingerprint": "f00d",
        "first_failed_at": NOW,
        "failed_at": NOW,
    }
    return DeadLetter(dead_letter_id=dead_letter_id, **told | about)


class FakeOperationReads:
    """See `OperationReads`: letters by tenant, the rest as declared unless a test says otherwise."""

    def __init__(self) -> None:
        self.letters: dict[str, dict[str, DeadLetter]] = defaultdict(dict)
        self.of_redrives: dict[str, dict[UUID, Redrive]] = defaultdict(dict)
        self.decided: dict[tuple[str, UUID], list[Operation]] = {}
        self.changes: dict[str, list[FlagChange]] = defaultdict(list)
        self.halted: list[StepState] = []
        self.opened: list[Breaker] = []
        self.resting: dict[str, str] = {}

    def add_letters(self, count: int, tenant: str = "acme", **about: Any) -> list[str]:
        """So many more letters that wait; their ids."""
        made = [letter(f"0-{len(self.letters[tenant]) + i}", **about) for i in range(count)]
        self.letters[tenant] |= {one.dead_letter_id: one for one in made}
        return [one.dead_letter_id for one in made]

    def _found(self, tenants: Sequence[str], wanted: DeadLetterFilter) -> list[DeadLetter]:
        every = [one for tenant in tenants for one in self.letters[tenant].values()]
        names = ("step", "code", "category", "fingerprint", "document_id", "job_id")
        return [
            one
            for one in every
            if all(getattr(wanted, n) in {None, getattr(one, n)} for n in names)
            and (wanted.statuses is None or one.status in wanted.statuses)
            and (wanted.letters is None or letter_place(one.dead_letter_id) in wanted.letters)
            and not (wanted.worked_on and one.branch in self.resting)
        ]

    async def dead_letters(
        self, tenants: Sequence[str], wanted: DeadLetterFilter, *, limit: int, cursor: str | None
    ) -> Page[DeadLetter]:
        return Page(self._found(tenants, wanted)[:limit], None)

    async def dead_letter(self, tenants: Sequence[str], dead_letter_id: str) -> DeadLetter | None:
        return next((found for t in tenants if (found := self.letters[t].get(dead_letter_id))), None)

    async def dead_letter_groups(self, tenants: Sequence[str], wanted: DeadLetterFilter) -> list[DeadLetterGroup]:
        by_cause: dict[str, list[DeadLetter]] = defaultdict(list)
        for one in self._found(tenants, wanted):
            by_cause[one.fingerprint or ""].append(one)
        return [
            DeadLetterGroup(
                fingerprint=fingerprint,
                step=found[0].step,
                code=found[0].code,
                category=found[0].category,
                detail=found[0].detail,
                letters=len(found),
                by_status=dict(Counter(one.status for one in found)),
                first_seen=NOW,
                last_seen=NOW,
                sample=found[0].dead_letter_id,
                programs=["0.1.0"],
            )
            for fingerprint, found in list(by_cause.items())[:MOST_GROUPS]
        ]

    async def dead_letters_counted(self, tenants: Sequence[str], wanted: DeadLetterFilter) -> int:
        return len(self._found(tenants, wanted))

    async def dead_letters_resting(self, tenants: Sequence[str], wanted: DeadLetterFilter) -> list[RestingLetters]:
        found = Counter(one.branch for one in self._found(tenants, wanted) if one.branch in self.resting)
        return [resting_answer(RestingRow(m, self.resting[m], count)) for m, count in sorted(found.items()) if m]

    async def dead_letters_waiting(self) -> int:
        return sum(len(letters) for letters in self.letters.values())

    async def redrives(self, tenant: str, *, limit: int, cursor: str | None) -> Page[Redrive]:
        return Page(list(self.of_redrives[tenant].values())[:limit], None)

    async def redrive(self, tenant: str, redrive_id: UUID) -> Redrive | None:
        return self.of_redrives[tenant].get(redrive_id)

    async def flags(self) -> list[Flag]:
        return flag_answers({})

    async def flag_history(self, name: str) -> list[FlagChange]:
        return self.changes[name]

    async def steps(self) -> list[StepState]:
        halted = {one.name: one for one in self.halted}
        return [halted.get(one.name, one) for one in step_answers({})]

    async def breakers(self) -> list[Breaker]:
        opened = {one.name: one for one in self.opened}
        of_parts = [one for name, one in opened.items() if name not in BREAKERS]
        return [*(opened.get(name) or breaker_answer(name, None) for name in BREAKERS), *of_parts]

    async def operations(self, tenant: str, *, kind: str | None, limit: int, cursor: str | None) -> Page[Operation]:
        found = [one for (owner, _), events in self.decided.items() if owner == tenant for one in events]
        return Page([one for one in found if kind in {None, one.kind}][:limit], None)

    async def outcome(self, tenant: str, operation_id: UUID) -> list[Operation]:
        return self.decided.get((tenant, operation_id), [])
