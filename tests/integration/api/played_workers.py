"""A publisher that plays the workers: each command is followed by the facts of a document of one chunk."""

import asyncio
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
from played_writer import played

from muniment.producers.embedding.embedder import Embedded
from muniment.producers.embedding.vectors import pack_vectors
from muniment.producers.kafka import KafkaPublisher
from muniment.producers.log_codec import LogCodec
from muniment.schemas.chunks import ChunkPlace, ChunksPrepared, ChunkText
from muniment.schemas.codec import Envelope
from muniment.schemas.commands import CancelJob, DeleteDocument, SubmitDocument, SubmitUrl
from muniment.schemas.documents import (
    CommandRejected,
    DocumentChunked,
    DocumentDeleted,
    DocumentExtracted,
    DocumentIndexed,
    DocumentSubmitted,
)
from muniment.schemas.embeddings import ChunksEmbedded
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.event import Event
from muniment.schemas.operation_commands import HaltStep, ResetBreaker, ResumeStep, SetFlag
from muniment.schemas.operations import (
    BreakerClosed,
    FlagChanged,
    OperationRejected,
    StepHalted,
    StepResumed,
)
from muniment.schemas.record import Position, Record
from muniment.schemas.replays import EventSkipped, EventUnskipped, SkipEvent, UnskipEvent
from muniment.schemas.retry_headers import RetryState
from muniment.schemas.script_costs import DraftCharged
from muniment.schemas.scripts import CitationsChecked, DraftStreamed
from muniment.schemas.topics import COMMANDS_ERASURES, COMMANDS_OPERATIONS, COMMANDS_PROJECTS, DLQ
from muniment.stream_apps.erasing.decider import Erasure, decide, evolve
from muniment.stream_apps.projects import decider as projects
from muniment.stream_apps.projects.evolve import evolve as evolve_project
from muniment.stream_apps.projects.state import Asked
from muniment.stream_apps.projects.state import State as Project

DIMENSIONS = 4
BURIED = "buried.txt"
"""A document of this name is played as a dead letter."""
TEXT = "Everyone has twenty-five days of leave a year."


class QuestionEmbedder:
    """Every question lies beside every chunk."""

    model = "played"
    dimensions = DIMENSIONS

    async def embed(self, texts, *, purpose):
        return Embedded(np.ones((len(texts), DIMENSIONS), np.float32), len(texts))


class PlayedWorkers:
    """See the module. Topics carry a prefix on the broker, so that tests share one."""

    def __init__(self, publisher: KafkaPublisher, codec: LogCodec, prefix: str) -> None:
        self._publisher = publisher
        self._codec = codec
        self._prefix = prefix
        self._versions: dict[tuple[str, str], int] = {}
        self._jobs: dict[tuple[str, str], list[UUID]] = {}
        self._erasures: dict[UUID, Erasure | None] = {}
        self._projects: dict[tuple[str, UUID], Project] = {}
        self._one = asyncio.Lock()

    async def send(self, record: Record) -> Record:
        """Publish a command, then what follows from it."""
        async with self._one:
            # As on the log: the decisions on two commands come in their order.
            return await self._sent(record)

    async def _sent(self, record: Record) -> Record:
        sent = await self._put(record)
        envelope = await self._codec.decode(sent)
        if getattr(envelope.event, "file_name", "") == BURIED:
            await self._put(_dead(sent))
            return sent
        for index, event in enumerate(self._facts(envelope)):
            await self._put(await self._fact(envelope, event, index))
        return sent

    async def _put(self, record: Record) -> Record:
        done = await self._publisher.send(record.to(self._prefix + record.topic))
        return replace(done, topic=record.topic)

    async def _fact(self, command: Envelope, event: Event, index: int) -> Record:
        meta = command.meta.caused(step="played", event_type=type(event).__name__, index=index, now=datetime.now(UTC))
        return await self._codec.encode(event, replace(meta, command_position=str(_position(command.record))))

    def _facts(self, envelope: Envelope) -> list[Event]:
        command, job_id = envelope.event, envelope.meta.event_id
        if command.declaration.topic is COMMANDS_OPERATIONS:
            return [_decided(command)]
        if command.declaration.topic is COMMANDS_ERASURES:
            return self._erasing(envelope)
        if command.declaration.topic is COMMANDS_PROJECTS:
            return self._projecting(envelope)
        known = (envelope.meta.tenant, str(command.document_id))
        who = {"document_id": command.document_id, "job_id": job_id}
        if isinstance(command, DeleteDocument):
            version, jobs = self._versions.get(known, 1), tuple(self._jobs.get(known, ()))
            return [DocumentDeleted(**who, version=version, reason=command.reason, jobs=jobs)]
        if isinstance(command, SubmitUrl | CancelJob):
            # Nothing is there to be fetched, and every job has ended before somebody cancels it.
            code = "job_ended" if isinstance(command, CancelJob) else "url_refused"
            return [CommandRejected(**who, command=command.declaration.name, code=code, reason="played")]
        assert isinstance(command, SubmitDocument)
        who["version"] = self._versions[known] = self._versions.get(known, 0) + 1
        self._jobs.setdefault(known, []).append(job_id)
        digest = hashlib.sha256(TEXT.encode()).digest()
        place = ChunkPlace(ordinal=0, start=0, end=len(TEXT), page=1, tokens=9, content_hash=digest)
        vector = pack_vectors(np.ones((1, DIMENSIONS), np.float32))
        asked = {name: getattr(command, name) for name in ("file_name", "title", "metadata", "blob", "size_bytes")}
        sums = {"model": "played", "tokens": 9, "cost_micros": 1, "embedded": 1, "reused": 0}
        return [
            DocumentSubmitted(**who, **asked, source=command.source, lane=command.lane),
            DocumentExtracted(
                **who,
                media_type="text/markdown",
                title=command.title,
                text_blob="sha256:" + "0" * 64,
                characters=len(TEXT),
                pages=1,
                findings={"email": 1},
            ),
            ChunksPrepared(**who, batch=0, places=(place,), texts=(ChunkText(text=TEXT, heading="Leave"),)),
            DocumentChunked(**who, chunks=1, batches=1, tokens=9),
            ChunksEmbedded(
                **who,
                **sums,
                batch=0,
                first_ordinal=0,
                content_hashes=(digest,),
                dimensions=DIMENSIONS,
                vectors=vector,
            ),
            DocumentIndexed(**who, **sums, chunks=1, batches=1),
        ]

    def _erasing(self, envelope: Envelope) -> list[Event]:
        """Decided by the real decider of a house that wants a second person; nobody carries it out."""
        command, who = envelope.event, (envelope.meta.tenant, envelope.meta.actor)
        state = self._erasures.get(command.erasure_id)
        events = decide(command, state, *who, 1)
        for event in events:
            state = evolve(state, event, *who)
        self._erasures[command.erasure_id] = state
        return events

    def _projecting(self, envelope: Envelope) -> list[Event]:
        """Decided by the real decider; what a model would write follows at once."""
        command = envelope.event
        place = (envelope.meta.tenant, command.project_id)
        state = self._projects.get(place, Project())
        events = projects.decide(command, state, Asked(envelope.meta.event_id))
        events = [fact for event in events for fact in (event, *played(event, state.documents))]
        for event in events:
            if not isinstance(event, DraftStreamed | DraftCharged | CitationsChecked):
                state = evolve_project(state, event)
        self._projects[place] = state
        return events


def _position(record: Record) -> Position:
    return Position(record.topic, record.partition or 0, record.offset or 0)


def _dead(record: Record) -> Record:
    at = int(datetime.now(UTC).timestamp() * 1000)
    place = _position(record)
    state = RetryState("deciding", 5, 0, at, 0, place, ErrorCode.UNEXPECTED, "it was played so", "f00d")
    return record.with_headers({**state.to_headers(), "retry_program": "0.0.1"}).to(DLQ.name)


def _decided(command: Event) -> Event:
    """What becomes of an operator's command: whatever is easy to play is accepted, the rest rejected."""
    match command:
        case SetFlag():
            return FlagChanged(flag=command.flag, value=command.value, reason=command.reason)
        case HaltStep():
            return StepHalted(step=command.step, reason=command.reason, code="command", dead=0, settled=0)
        case ResumeStep():
            return StepResumed(step=command.step, by="command", reason=command.reason)
        case ResetBreaker():
            return BreakerClosed(breaker=command.breaker, by="command", reason=command.reason)
        case SkipEvent() | UnskipEvent():
            made = EventSkipped if isinstance(command, SkipEvent) else EventUnskipped
            return made(projection=command.projection, place=command.place, reason=command.reason)
        case _:
            name = type(command).__name__
            return OperationRejected(command=name, about=command.key, code="not_played", reason="nobody plays it")
