"""The generating step on a real database, a log in memory and a server of a model's protocol."""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from support.key_ring import MemoryKeyRing
from support.limits import Unlimited
from support.model_server import ModelServer
from support.parking import Cancellations
from support.publisher import MemoryPublisher

from muniment.producers.breakers.breaker import Breaker
from muniment.producers.budget import TEXTS, Allowance, PostgresBudget
from muniment.producers.clock import utc_now
from muniment.producers.draft_sources import DraftSources
from muniment.producers.log_codec import LogCodec
from muniment.producers.publisher import Publisher
from muniment.producers.record_at import Records
from muniment.producers.writing.cost import Prices
from muniment.producers.writing.extractive import ExtractiveWriter
from muniment.producers.writing.guarded import GuardedWriter
from muniment.producers.writing.pacing import Patience
from muniment.producers.writing.writer import Writer
from muniment.schemas.breakers import WRITING
from muniment.schemas.event import Event
from muniment.schemas.metadata import Metadata
from muniment.schemas.record import Position, Record
from muniment.schemas.scripts import DraftRequested, DraftRevised, DraftStreamed
from muniment.stream_apps.generating.charges import Charges
from muniment.stream_apps.generating.charging import Telling
from muniment.stream_apps.generating.checking import Checking
from muniment.stream_apps.generating.passages import Found
from muniment.stream_apps.generating.prompting import Count, Window
from muniment.stream_apps.generating.saying import Saying
from muniment.stream_apps.generating.step import Generating
from muniment.stream_apps.generating.store import GeneratingStore
from muniment.stream_apps.generating.writing import Drafting, Ports, Terms
from muniment.stream_apps.hosting import ports as hosting
from muniment.stream_apps.hosting.settle import Settler

TENANT = "acme"
SPENT = "select tokens, cost_micros from muniment_limits.spending where spent_on = 'texts'"
NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
WINDOW, NO_LIMIT = Window(4000, 0.5), Allowance()
BRIEF = "How many days of paid leave does an employee have?"
TEXTS_FOUND = (
    "Every employee has 25 days of paid leave a year. It is granted by the head of the team.",
    "Leave that is not taken by March of the next year lapses.",
    "The canteen opens at noon.",
)


def words(text: str) -> int:
    """A token is a word."""
    return len(text.split())


def found(number: int, text: str, document_id: UUID | None = None) -> Found:
    """A passage as search gives it."""
    return Found(
        document_id=document_id or UUID(int=number),
        version=2,
        ordinal=number,
        title="Handbook",
        heading="Leave",
        page=number,
        start=100 * number,
        end=100 * number + len(text),
        text=text,
        score=1 / (60 + number),
        vector_rank=number,
        words_rank=None,
    )


@dataclass
class Given:
    """See `Retrieval`: what a test says is found."""

    passages: Sequence[Found] = tuple(found(n, text) for n, text in enumerate(TEXTS_FOUND, 1))
    asked: list[tuple[str, UUID, str, tuple[UUID, ...], int]] = field(default_factory=list)

    async def find(
        self, tenant: str, project_id: UUID, question: str, only: Collection[UUID], most: int
    ) -> Sequence[Found]:
        """See `Retrieval.find`."""
        self.asked.append((tenant, project_id, question, tuple(only), most))
        return self.passages[:most]


class Counting:
    """See `Counts`."""

    async def ready(self) -> Count:
        """Words."""
        return words


@dataclass
class Desk:
    """A project's desk: `ask` puts a request on the log, `work` has the step settle it."""

    pool: Any
    server: ModelServer
    step: Generating
    log: MemoryPublisher
    ring: MemoryKeyRing
    retrieval: Given
    cancelled: Cancellations
    breaker: Breaker
    settler: Settler
    project_id: UUID = field(default_factory=uuid4)
    episode_id: UUID = field(default_factory=uuid4)

    @property
    def codec(self) -> LogCodec:
        """With the desk's keys."""
        return LogCodec(self.ring)

    async def ask(self, brief: str = BRIEF, **what: Any) -> Record:
        """A draft is requested."""
        draft_id, job_id = uuid4(), uuid4()
        given: dict[str, Any] = {"template": "script", "language": "en", "max_tokens": 200, "temperature": -1.0}
        event = DraftRequested(
            project_id=self.project_id,
            episode_id=self.episode_id,
            draft_id=draft_id,
            job_id=job_id,
            brief=brief,
            **{**given, "seed": None, "document_ids": (), **what},
        )
        return await self.put(event, job_id)

    async def revise(self, based_on: UUID, text: str) -> Record:
        """A person makes a draft of another."""
        draft_id, job_id = uuid4(), uuid4()
        event = DraftRevised(
            project_id=self.project_id,
            episode_id=self.episode_id,
            draft_id=draft_id,
            job_id=job_id,
            based_on=based_on,
            text=text,
            sources=(),
        )
        return await self.put(event, job_id)

    async def put(self, event: Any, job_id: UUID) -> Record:
        """Put a fact on the log, under a key of its draft."""
        await self.ring.create(TENANT, event.draft_id)
        meta = Metadata(job_id, TENANT, job_id, job_id, NOW, "muniment.test")
        return await self.log.send(await self.codec.encode(event, meta))

    async def work(self, record: Record) -> str:
        """How the one wrapper settles a record with the step."""
        return await self.settler.settle(self.step, record)

    async def said(self, kind: type[Event] | None = None) -> list[Any]:
        """What was said since, in the order of the log; pieces are left out unless they are asked for."""
        events = [(await self.codec.decode(record)).event for record in self.log.sent if "Draft" in _type(record)]
        return [e for e in events if (isinstance(e, kind) if kind else not isinstance(e, DraftStreamed))]

    async def at(self, place: Position) -> Record | None:
        """See `Records.at`."""
        return next((r for r in self.log.sent if Position(r.topic, r.partition or 0, r.offset or 0) == place), None)


async def asked_of(made: Desk, record: Record) -> DraftRequested:
    """What a request says."""
    event = (await made.codec.decode(record)).event
    assert isinstance(event, DraftRequested)
    return event


def _type(record: Record) -> str:
    name = record.header("ce_type") or ""
    return name.replace("CitationsChecked", "DraftCitationsChecked")


def step_on(
    pool: Any,
    log: Publisher,
    codec: LogCodec,
    writer: Writer,
    records: Records,
    *,
    retrieval: Given | None = None,
    window: Window = WINDOW,
    allowance: Allowance = NO_LIMIT,
    now: Callable[[], datetime] = utc_now,
) -> Generating:
    """The step; a token read costs 1 millionth, one written 10."""
    store, budget = GeneratingStore(pool), PostgresBudget(pool, allowance, TEXTS)
    telling = Telling(Charges(pool), log, lambda _: budget, now)
    ports = Ports(writer, retrieval or Given(), DraftSources(pool), store, lambda _: budget, Counting(), telling)
    terms = Terms(window, 24, Prices(read=Decimal(1), written=Decimal(10)))
    drafting = Drafting(ports, terms, Saying("generating", codec, log, now), now)
    return Generating(drafting, Checking(store, records, codec), timeout_s=30.0)


@asynccontextmanager
async def desk(
    database_url: str,
    provider: str = "openai",
    *,
    window: Window = WINDOW,
    allowance: Allowance = NO_LIMIT,
) -> AsyncIterator[Desk]:
    """A desk with a writer of that provider."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=4) as pool, ModelServer().running() as server:
        log, ring, retrieval, cancelled = MemoryPublisher(), MemoryKeyRing(), Given(), Cancellations()
        breaker = Breaker(WRITING, now=lambda: datetime.now(UTC), draw=lambda: 0.0, say=lambda _: None)
        patience = Patience(5.0, 1.0, 20.0)
        model: Any
        # Each client's own package takes seconds to load, of every process that has to do with drafts.
        if provider == "openai":
            from muniment.producers.writing import openai

            model = openai.OpenAIWriter(openai.Endpoint(f"{server.root}/v1", "gpt-4.1-mini", "key", patience), words)
        elif provider == "anthropic":
            from muniment.producers.writing import anthropic

            model = anthropic.AnthropicWriter(anthropic.Endpoint("claude-sonnet-5", server.root, "key", patience))
        else:
            model = ExtractiveWriter(words)
        writer: Writer = GuardedWriter(model, breaker, Unlimited())
        codec = LogCodec(ring)
        found_desk = Desk(
            pool=pool,
            server=server,
            step=None,  # type: ignore[arg-type] - made next, since it reads from the desk's log
            log=log,
            ring=ring,
            retrieval=retrieval,
            cancelled=cancelled,
            breaker=breaker,
            settler=Settler(codec, log, ports=hosting.Ports(cancelled=cancelled), now=lambda: NOW),
        )
        step = step_on(
            pool,
            log,
            codec,
            writer,
            found_desk,
            retrieval=retrieval,
            window=window,
            allowance=allowance,
            now=lambda: NOW,
        )
        yield replace(found_desk, step=step)
        if provider != "extractive":
            await model.close()
