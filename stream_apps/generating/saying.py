"""What the generating step says of a draft, and how it reaches the log. Pure but for the codec and the publisher."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from muniment.producers.publisher import Publisher
from muniment.producers.writing.templates.registry import Template
from muniment.producers.writing.writer import Finished, Writer
from muniment.schemas.codec import Envelope
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Position, Record
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import (
    Citation,
    DraftPrompted,
    DraftRefused,
    DraftRequested,
    DraftStreamed,
    DraftWritten,
)
from muniment.stream_apps.generating.answer import Answer
from muniment.stream_apps.generating.prompting import Prompt, Window
from muniment.stream_apps.retrying.confirmed import send_confirmed

MOST_PIECES = 1_000_000
"""Numbers of pieces that are kept free for each try."""


Now = Callable[[], datetime]


class Encodes(Protocol):
    """What is needed of `producers.log_codec.LogCodec`."""

    async def encode(self, event: Event, meta: Metadata) -> Record:
        """The record of an event."""
        ...


class Saying:
    """Makes records of what is said because of one request. Ids are derived: a repeat of a try says the same."""

    def __init__(self, step: str, codec: Encodes, publisher: Publisher, now: Now) -> None:
        self._step = step
        self._codec = codec
        self._publisher = publisher
        self._now = now

    async def record(self, envelope: Envelope, event: Event, index: int) -> Record:
        """The record of the `index`-th event of its kind; raises as `LogCodec.encode`."""
        name = event.declaration.name
        meta = envelope.meta.caused(step=self._step, event_type=name, index=index, now=self._now())
        return await self._codec.encode(event, meta)

    async def confirmed(self, envelope: Envelope, event: Event, index: int) -> Position:
        """Publish an event now, and wait for the broker's word; where it lies."""
        sent = await send_confirmed(self._publisher, await self.record(envelope, event, index))
        return Position(sent.topic, sent.partition or 0, sent.offset or 0)

    async def piece(
        self, envelope: Envelope, asked: DraftRequested, attempt: int, said: tuple[str, int, int]
    ) -> Record:
        """A piece of a try: its text, its number, and the tokens up to it."""
        text, index, tokens = said
        event = DraftStreamed(
            project_id=asked.project_id,
            draft_id=asked.draft_id,
            job_id=asked.job_id,
            attempt=attempt,
            index=index,
            text=text,
            tokens=tokens,
        )
        return await self.record(envelope, event, attempt * MOST_PIECES + index)


def prompted(
    asked: DraftRequested, attempt: int, writer: Writer, *, template: Template, prompt: Prompt, window: Window
) -> DraftPrompted:
    """What the log has to say before the model is called: with it an auditor knows all that the model knew."""
    return DraftPrompted(
        project_id=asked.project_id,
        episode_id=asked.episode_id,
        draft_id=asked.draft_id,
        job_id=asked.job_id,
        attempt=attempt,
        provider=writer.provider,
        model=writer.model,
        template=template.name,
        template_version=template.version,
        max_tokens=asked.max_tokens,
        temperature=asked.temperature,
        seed=asked.seed,
        prompt=prompt.recorded(),
        passages=prompt.passages,
        memory_tokens=prompt.memory_tokens,
        prompt_tokens=prompt.tokens,
        window_tokens=window.tokens,
    )


def written(
    asked: DraftRequested,
    attempt: int,
    provider: str,
    answer: Answer,
    finished: Finished,
    *,
    citations: tuple[Citation, ...],
    cost_micros: int,
    now_s: float,
) -> DraftWritten:
    """What the log has to say after it."""
    return DraftWritten(
        project_id=asked.project_id,
        episode_id=asked.episode_id,
        draft_id=asked.draft_id,
        job_id=asked.job_id,
        attempt=attempt,
        provider=provider,
        model=finished.model,
        text=answer.text,
        citations=citations,
        finish_reason=finished.reason,
        tokens_in=finished.tokens_in,
        tokens_out=finished.tokens_out,
        cost_micros=cost_micros,
        first_token_ms=answer.first_ms(),
        written_ms=answer.took_ms(now_s),
    )


def charged(
    asked: DraftRequested,
    attempt: int,
    writer: Writer,
    code: str,
    *,
    tokens: tuple[int, int],
    cost_micros: int,
    estimated: bool,
) -> DraftCharged:
    """What a call cost that no draft came of."""
    return DraftCharged(
        project_id=asked.project_id,
        episode_id=asked.episode_id,
        draft_id=asked.draft_id,
        job_id=asked.job_id,
        attempt=attempt,
        provider=writer.provider,
        model=writer.model,
        code=code,
        tokens_in=tokens[0],
        tokens_out=tokens[1],
        cost_micros=cost_micros,
        estimated=estimated,
    )


def refused(asked: DraftRequested, code: str) -> DraftRefused:
    """That nothing comes of it, and why."""
    return DraftRefused(
        project_id=asked.project_id,
        episode_id=asked.episode_id,
        draft_id=asked.draft_id,
        job_id=asked.job_id,
        code=code,
    )
