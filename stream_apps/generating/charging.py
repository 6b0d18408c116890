"""Sees to it that what a call of a model costs is counted and told, whatever becomes of the call."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from muniment.producers.budget import Budget
from muniment.producers.publisher import Publisher
from muniment.producers.writing.cost import Prices
from muniment.producers.writing.writer import Writer
from muniment.schemas.codec import Envelope
from muniment.schemas.errors import MunimentError, Refused
from muniment.schemas.metrics import WRITING_COST
from muniment.schemas.scripts import DraftRequested
from muniment.stream_apps.generating import saying
from muniment.stream_apps.generating.answer import Answer
from muniment.stream_apps.generating.charges import Charge, Charges
from muniment.stream_apps.generating.saying import Saying
from muniment.stream_apps.retrying.confirmed import send_confirmed

BROKEN_OFF, MODEL_REFUSED, OVERTAKEN = "broken_off", "model_refused", "overtaken"
"""How a call ends that no draft comes of: `DraftCharged.code`."""
NOTED_EVERY_S = 1.0
TELL_S = 5.0
"""The longest that the log is waited for; who is still untold is told by the next look."""
EVERY_S = 5.0
ABANDONED_S = 3600.0
"""No call takes so long: of one that was not heard of since, whoever made it was killed, and nobody has gone on."""
log = structlog.get_logger(__name__)


class Telling:
    """Books and tells the calls that have ended. Run one in each worker process: they share the work."""

    def __init__(
        self,
        charges: Charges,
        publisher: Publisher,
        budget_of: Callable[[UUID], Budget],
        now: Callable[[], datetime],
        *,
        abandoned_s: float = ABANDONED_S,
    ) -> None:
        self.charges = charges
        self._publisher = publisher
        self._budget_of = budget_of
        self._now = now
        self._abandoned_s = abandoned_s
        self._told = 0

    def state(self) -> dict[str, object]:
        """What `/health` shows: how many calls this process has told of."""
        return {"running": True, "told": self._told}

    async def run(self) -> None:
        """Tell every few seconds until cancelled; what is away is tried again."""
        while True:
            try:
                await self.tell()
            except (MunimentError, TimeoutError) as error:
                log.info("charges_put_off", kind=type(error).__name__)
            except Exception:
                # Nobody waits for this task: a fault is loud, and tried again.
                log.exception("charges_failed")
            await asyncio.sleep(EVERY_S)

    async def tell(self, draft: tuple[str, UUID] | None = None) -> None:
        """Tell of all that have ended, or of those of one draft.

        Raises:
            StepFailure: `database_unavailable`.
            TimeoutError: the log is away.

        """
        for charge in await self.charges.claim(draft, self._abandoned_s):
            if not charge.booked and await self.charges.book(charge):
                await self.book(charge)
            async with asyncio.timeout(TELL_S):
                await send_confirmed(self._publisher, charge.record)
            await self.charges.told(charge)
            self._told += 1

    async def tell_soon(self, tenant: str, draft_id: UUID) -> None:
        """Tell of the calls of one draft that have ended, now if that can be, else with the next look."""
        try:
            await self.tell((tenant, draft_id))
        except (MunimentError, TimeoutError) as error:
            log.warning("charge_told_later", kind=type(error).__name__)

    async def book(self, charge: Charge) -> None:
        """Count a call against the budgets of its project and its tenant; once, whoever calls this sees to that."""
        budget = self._budget_of(charge.project_id)
        await budget.spent(charge.tenant, self._now(), charge.tokens, charge.cost_micros)
        WRITING_COST.inc(charge.cost_micros)


@dataclass(frozen=True, slots=True)
class Charging:
    """What calls cost by whom."""

    writer: Writer
    prices: Prices
    says: Saying
    telling: Telling
    clock: Callable[[], float]

    @asynccontextmanager
    async def call(
        self, envelope: Envelope, asked: DraftRequested, attempt: int, prompt_tokens: int, answer: Answer
    ) -> AsyncIterator["Call"]:
        """A call, told as one that nothing came of when this is left with an exception or a cancellation."""
        call = Call(self, envelope, asked, attempt, prompt_tokens, answer)
        try:
            yield call
        except BaseException as error:
            await call.lost(MODEL_REFUSED if isinstance(error, Refused) else BROKEN_OFF)
            raise


class Call:
    """One call of a model, as far as it costs something."""

    def __init__(  # noqa: PLR0917 - made above, nowhere else
        self,
        charging: Charging,
        envelope: Envelope,
        asked: DraftRequested,
        attempt: int,
        prompt_tokens: int,
        answer: Answer,
    ) -> None:
        self._charging = charging
        self._envelope = envelope
        self._asked = asked
        self._prompt_tokens = prompt_tokens
        self._answer = answer
        self._noted_s: float | None = None
        self._booked = False
        self._attempt = attempt

    @property
    def noted(self) -> int | None:
        """The try, when it has a row by now."""
        return None if self._noted_s is None else self._attempt

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens in and out that are paid for."""
        free = self._charging.writer.provider == "extractive"
        return (0, 0) if free else self._answer.paid(self._prompt_tokens)

    @property
    def cost_micros(self) -> int:
        """What they cost."""
        return self._charging.prices.of(*self.tokens)

    async def heard(self) -> None:
        """Another piece has come: note, now and then, what it costs by now. No writing ends because that fails."""
        now_s = self._charging.clock()
        if not any(self.tokens) or (self._noted_s is not None and now_s < self._noted_s + NOTED_EVERY_S):
            return
        try:
            await self._note(BROKEN_OFF)
        except MunimentError as error:
            log.warning("charge_not_noted", code=error.code.value)

    async def ended(self, code: str = BROKEN_OFF) -> None:
        """All of it has come: note what it cost, and count it against the budgets.

        Raises:
            StepFailure: `database_unavailable`.

        """
        if not any(self.tokens) or self._booked:
            return
        charge = await self._note(code, booked=True)
        self._booked = True
        if charge is not None:
            await self._charging.telling.book(charge)

    async def lost(self, code: str) -> None:
        """Nothing came of it: tell that, at once if that can be, or have it told soon."""
        tenant, draft_id = self._envelope.meta.tenant, self._asked.draft_id
        try:
            await (self._note(code) if self._booked else self.ended(code))
            if self._noted_s is None:
                return
            await self._charging.telling.charges.end(tenant, draft_id, self._attempt)
        except MunimentError as error:
            # The database is away. What was noted before is told all the same, by whoever settles the draft.
            log.warning("charge_told_later", code=error.code.value)
            return
        await self._charging.telling.tell_soon(tenant, draft_id)

    async def _note(self, code: str, *, booked: bool = False) -> Charge | None:
        """Note it; gives what is to be booked, `None` when somebody has given this call up and sees to that."""
        tokens_in, tokens_out = self.tokens
        if not (tokens_in or tokens_out):
            return None
        charging, asked = self._charging, self._asked
        event = saying.charged(
            asked,
            self._attempt,
            charging.writer,
            code,
            tokens=(tokens_in, tokens_out),
            cost_micros=self.cost_micros,
            estimated=self._answer.finished is None,
        )
        charge = Charge(
            self._envelope.meta.tenant,
            asked.project_id,
            asked.draft_id,
            self._attempt,
            tokens_in + tokens_out,
            self.cost_micros,
            await charging.says.record(self._envelope, event, self._attempt),
            booked=booked,
        )
        mine = True
        if self._noted_s is None:
            await charging.telling.charges.begin(charge)
        else:
            mine = await charging.telling.charges.note(charge)
        self._noted_s = charging.clock()
        return charge if mine else None
