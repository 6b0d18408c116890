"""Has one draft written: passages, prompt, answer, each on the log before the next."""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from uuid import UUID

import structlog

from muniment.producers.budget import Budget
from muniment.producers.draft_sources import DraftSources
from muniment.producers.writing.citations import checked
from muniment.producers.writing.cost import Prices
from muniment.producers.writing.templates.registry import Template, newest
from muniment.producers.writing.writer import REFUSED, Asked, Finished, PromptTooLarge, Writer
from muniment.schemas.codec import Envelope
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import Refused, StepFailure
from muniment.schemas.event import Event
from muniment.schemas.metrics import CITATIONS, MEMORY_TOKEN_USED
from muniment.schemas.personal import Redaction
from muniment.schemas.record import Record
from muniment.schemas.scripts import DraftRequested
from muniment.stream_apps.generating import saying
from muniment.stream_apps.generating.answer import Answer
from muniment.stream_apps.generating.charging import OVERTAKEN, Call, Charging, Telling
from muniment.stream_apps.generating.gathering import gathered
from muniment.stream_apps.generating.passages import Found, Retrieval
from muniment.stream_apps.generating.prompting import Count, Prompt, Window, prompted
from muniment.stream_apps.generating.saying import Saying
from muniment.stream_apps.generating.store import GeneratingStore

MOST_HALVINGS = 3
"""How often a prompt that a model finds too large is made anew with half the memory."""
OWN_TEMPERATURE = -1.0
"""On the log: the model's own temperature."""
log = structlog.get_logger(__name__)


class Counts(Protocol):
    """Counts tokens. Its tables may have to be loaded first, beside the loop."""

    async def ready(self) -> Count:
        """The counter."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a model is asked.

    Attributes:
        window: What it can hold.
        passages: The most passages that it gets.
        prices: What its tokens cost.
        answer_tokens: The longest text that is asked for.
        takes_temperature: Whether it may be told a temperature.

    """

    window: Window
    passages: int
    prices: Prices
    answer_tokens: int = 8000
    takes_temperature: bool = True

    def settle(self, asked: DraftRequested) -> DraftRequested:
        """The request as it is put to the model, and so to the log."""
        return replace(
            asked,
            max_tokens=min(asked.max_tokens, self.answer_tokens),
            temperature=asked.temperature if self.takes_temperature else OWN_TEMPERATURE,
        )


@dataclass(frozen=True, slots=True)
class Ports:
    """What drafting needs of the rest of the house. `budget_of` is that of a project, its tenant's included.

    `telling` sees to it that what nothing came of is counted and told, too.
    """

    writer: Writer
    retrieval: Retrieval
    sources: DraftSources
    store: GeneratingStore
    budget_of: Callable[[UUID], Budget]
    counts: Counts
    telling: Telling


@dataclass(frozen=True, slots=True)
class _Try:
    envelope: Envelope
    asked: DraftRequested
    brief: str
    template: Template
    found: tuple[Found, ...]
    window: Window
    count: Count


class Drafting:
    """See `drafted`."""

    def __init__(
        self,
        ports: Ports,
        terms: Terms,
        says: Saying,
        now: Callable[[], datetime],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ports = ports
        self._terms = terms
        self._says = says
        self._now = now
        self._clock = clock
        self._charging = Charging(ports.writer, terms.prices, says, ports.telling, clock)

    async def drafted(self, envelope: Envelope, asked: DraftRequested) -> AsyncGenerator[Event | Record, None]:
        """The pieces of a draft and at last the draft; or that nothing comes of it.

        What is put before the model is published here, and confirmed, before the model is called: what a step yields
        is only certain to be on the log when the step has ended.

        Raises:
            StepFailure: what a writer or an embedder raises; `budget_spent`, `database_unavailable`; `unexpected`
                while a document that was found is being forgotten.

        """
        asked = self._terms.settle(asked)
        known = await self._ports.store.known(envelope.meta.tenant, asked.draft_id)
        if known.settled:
            return
        if known.answer is not None:
            yield known.answer
            return
        try:
            async with aclosing(self._tried(envelope, asked)) as items:
                async for item in items:
                    yield item
        except (Refused, StepFailure) as error:
            if not isinstance(error, Refused) and error.code is not ErrorCode.KEY_DESTROYED:
                raise
            log.info("draft_refused", code=error.code.value)
            yield saying.refused(asked, error.code.value)

    async def settled(self, tenant: str, draft_id: UUID) -> None:
        """All of a draft is on the log."""
        if await self._ports.store.settled(tenant, draft_id):
            await self._ports.telling.tell_soon(tenant, draft_id)

    async def _tried(self, envelope: Envelope, asked: DraftRequested) -> AsyncGenerator[Event | Record, None]:
        brief, template, tenant = asked.brief, newest(asked.template), envelope.meta.tenant
        if isinstance(brief, Redaction):
            raise StepFailure(ErrorCode.KEY_DESTROYED, "the draft was erased before it was written")
        if not brief.strip():
            raise Refused(ErrorCode.BRIEF_MISSING, "there is no brief")
        if template is None:
            raise StepFailure(ErrorCode.PROVIDER_REJECTED, "there is no template of that name")
        window, count = self._terms.window, await self._ports.counts.ready()
        await self._ports.budget_of(asked.project_id).check(tenant, self._now())
        for halvings in range(MOST_HALVINGS + 1):
            found = await self._found(envelope, asked, brief)
            trial = _Try(envelope, asked, brief, template, found, window, count)
            try:
                async with aclosing(self._once(trial)) as items:
                    async for item in items:
                        yield item
            except PromptTooLarge:
                if halvings == MOST_HALVINGS:
                    raise
                window = Window(window.tokens, window.memory_share / 2)
                log.warning("prompt_too_large", memory_share=window.memory_share)
            else:
                return

    async def _found(self, envelope: Envelope, asked: DraftRequested, brief: str) -> tuple[Found, ...]:
        """Passages that may be used, noted as what the draft goes back to."""
        tenant, ports = envelope.meta.tenant, self._ports
        taken_at = await ports.sources.now()
        found = await ports.retrieval.find(tenant, asked.project_id, brief, asked.document_ids, self._terms.passages)
        if not found:
            raise Refused(ErrorCode.NOTHING_FOUND, "the project's documents hold nothing about the brief")
        documents = {one.document_id for one in found}
        if await ports.sources.claim(tenant, asked.draft_id, asked.project_id, asked.episode_id, documents, taken_at):
            return tuple(found)
        raise StepFailure(ErrorCode.UNEXPECTED, "a document that was found is being forgotten")

    async def _once(self, trial: _Try) -> AsyncGenerator[Event | Record, None]:
        asked, envelope, ports = trial.asked, trial.envelope, self._ports
        prompt = prompted(
            trial.template,
            trial.brief,
            asked.language,
            trial.found,
            window=trial.window,
            answer_tokens=asked.max_tokens,
            count=trial.count,
        )
        if not prompt.passages:
            raise StepFailure(ErrorCode.PROVIDER_REJECTED, "the model's window holds not one passage")
        MEMORY_TOKEN_USED.observe(100 * prompt.memory_tokens / trial.window.tokens)
        attempt = await ports.store.tries(envelope.meta.tenant, asked.draft_id)
        event = saying.prompted(
            asked, attempt, ports.writer, template=trial.template, prompt=prompt, window=trial.window
        )
        place = await self._says.confirmed(envelope, event, attempt)
        await ports.store.prompted(envelope.meta.tenant, asked.draft_id, place)
        answer = Answer(self._clock())
        async with self._charging.call(envelope, asked, attempt, prompt.tokens, answer) as call:
            async with aclosing(self._streamed(trial, prompt, attempt, answer, call)) as pieces:
                async for piece in pieces:
                    yield piece
            await call.ended()
            kept = await self._kept(trial, prompt, attempt, answer, call)
        if kept is not None:
            yield kept

    async def _streamed(
        self, trial: _Try, prompt: Prompt, attempt: int, answer: Answer, call: Call
    ) -> AsyncGenerator[Record, None]:
        asked = trial.asked
        wanted = Asked(
            messages=prompt.messages,
            max_tokens=asked.max_tokens,
            temperature=None if asked.temperature < 0 else asked.temperature,
            seed=asked.seed,
            brief=trial.brief,
            language=asked.language,
            sources=prompt.sources,
        )
        async with aclosing(gathered(self._ports.writer.write(wanted), trial.count)) as items:
            async for item in items:
                if isinstance(item, Finished):
                    answer.finished = item
                    continue
                # What is no text could not be written to the log: a model may say half a character.
                piece = item.encode("utf-8", "replace").decode()
                index = answer.add(piece, trial.count(piece), self._clock())
                await call.heard()
                said = piece, index, answer.tokens
                yield await self._says.piece(trial.envelope, asked, attempt, said)

    async def _kept(self, trial: _Try, prompt: Prompt, attempt: int, answer: Answer, call: Call) -> Record | None:
        asked, finished = trial.asked, answer.finished
        assert finished is not None, "a writing that did not fail has an end"
        if finished.reason == REFUSED and not answer.text.strip():
            raise Refused(ErrorCode.MODEL_REFUSED, "the model would not write this")
        passages = {passage.number: passage for passage in prompt.passages}
        citations = checked(answer.text, passages, {source.number: source.text for source in prompt.sources})
        for one in citations:
            CITATIONS.labels("yes" if one.holds else "no").inc()
        event = saying.written(
            asked,
            attempt,
            self._ports.writer.provider,
            answer,
            finished,
            citations=citations,
            cost_micros=call.cost_micros,
            now_s=self._clock(),
        )
        record = await self._says.record(trial.envelope, event, 0)
        # Before it goes out: whoever repeats this after a crash finds the answer instead of paying again.
        kept = await self._ports.store.keep(trial.envelope.meta.tenant, asked.draft_id, record, call.noted)
        if kept is None or kept.value != record.value:
            await call.lost(OVERTAKEN)
        return kept
