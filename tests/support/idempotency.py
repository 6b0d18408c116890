"""The first answers in a dictionary: what `IdempotencyStore` promises, for one process."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from muniment.api.idempotency.port import Begun, KeptAnswer, OtherRequest, Reserved, UnderWay
from muniment.producers.kept_answers import without_words


class InMemoryIdempotency:
    """See `IdempotencyStore`; nothing expires here, and no holder dies."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str], tuple[bytes, Reserved]] = {}
        self.answers: dict[tuple[str, str], KeptAnswer] = {}
        self.held: set[tuple[str, str]] = set()

    async def begin(self, tenant: str, key: str, fingerprint: bytes) -> Begun:
        """See `IdempotencyStore.begin`."""
        place = (tenant, key)
        if place not in self.rows:
            fresh = Reserved(uuid4(), uuid4(), uuid4(), datetime.now(UTC))
            self.rows[place] = (fingerprint, fresh)
            self.held.add(place)
            return fresh
        known, reserved = self.rows[place]
        if known != fingerprint:
            return OtherRequest()
        if place in self.answers:
            return self.answers[place]
        if place in self.held:
            return UnderWay()
        self.held.add(place)
        again = replace(reserved, holder=uuid4(), again=True)
        self.rows[place] = (known, again)
        return again

    async def extend(self, tenant: str, key: str, holder: UUID) -> None:
        """See `IdempotencyStore.extend`."""

    async def answered(self, tenant: str, key: str, answer: KeptAnswer) -> None:
        """See `IdempotencyStore.answered`."""
        self.answers.setdefault((tenant, key), answer)

    async def interrupted(self, tenant: str, key: str, holder: UUID) -> None:
        """See `IdempotencyStore.interrupted`."""
        self.held.discard((tenant, key))

    async def forget(self, tenant: str, key: str, holder: UUID) -> None:
        """See `IdempotencyStore.forget`."""
        self.held.discard((tenant, key))
        self.rows.pop((tenant, key), None)

    async def blank(self, tenant: str, about: UUID) -> None:
        """See `IdempotencyStore.blank`."""
        for place, kept in self.answers.items():
            if place[0] == tenant:
                self.answers[place] = replace(kept, body=without_words(kept.body, [about]))
