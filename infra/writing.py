"""Who writes drafts, from the settings, and all that the step that has them written needs, wired together."""

import asyncio
import math
from collections.abc import Callable, Collection, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from typing import Any
from uuid import UUID

from muniment.api.models.port import PostgresModels, QuestionModels
from muniment.api.settings import WriterTerms
from muniment.infra.not_set import NotSetError, required
from muniment.infra.settings import Settings
from muniment.producers.breakers.breakers import Breakers
from muniment.producers.budget import TEXTS, Allowance, Budget, PostgresBudget, Together
from muniment.producers.draft_sources import DraftSources
from muniment.producers.embedding.models import Priced
from muniment.producers.embedding.rate_limit import Bucket
from muniment.producers.embedding.rate_limit_postgres import PostgresRateLimit
from muniment.producers.log_codec import LogCodec
from muniment.producers.publisher import Publisher
from muniment.producers.record_at import Records
from muniment.producers.writing import openai
from muniment.producers.writing.cost import Prices
from muniment.producers.writing.extractive import ExtractiveWriter
from muniment.producers.writing.guarded import GuardedWriter
from muniment.producers.writing.pacing import Patience
from muniment.producers.writing.provider import ProviderWriter
from muniment.producers.writing.writer import Writer
from muniment.projections.chunks.filters import Filters
from muniment.projections.chunks.live_model import ModelSwitched
from muniment.projections.chunks.queries import Hit, Page, search
from muniment.schemas.breakers import WRITING
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure
from muniment.stream_apps.chunking.policy import CL100K
from muniment.stream_apps.chunking.tokens import counter
from muniment.stream_apps.generating.charges import Charges
from muniment.stream_apps.generating.charging import Telling
from muniment.stream_apps.generating.checking import Checking
from muniment.stream_apps.generating.passages import Found
from muniment.stream_apps.generating.prompting import Count, Window
from muniment.stream_apps.generating.saying import Now, Saying
from muniment.stream_apps.generating.step import Generating
from muniment.stream_apps.generating.store import GeneratingStore
from muniment.stream_apps.generating.writing import Drafting, Ports, Terms
from muniment.stream_apps.projects.store import ProjectStore

SAME = "same"
OPENAI = "https://api.openai.com/v1"
TIMES = 5
"""How often a question is embedded anew because search was switched meanwhile: once is rare, more is a fault."""
QUESTION, SHORT_QUESTION = 2000, 400
"""Characters of a brief that passages are looked for with, and of one that the embedding model finds too long."""
BESIDE_TOKENS = 1000
"""What a prompt holds beside its passages, about: the template, and a brief of some length (tokens)."""
BESIDE_S = 60.0
"""What a draft takes beside its model, at most (seconds)."""


class Tokens:
    """Counts tokens as `counter` does, with a margin; its tables are loaded when they are first needed."""

    def __init__(self, tokenizer: str, margin: float = 1.0) -> None:
        self._tokenizer = tokenizer
        self._margin = margin

    async def ready(self) -> Count:
        """The counter, loaded beside the loop."""
        await asyncio.to_thread(counter, self._tokenizer)
        return self

    def __call__(self, text: str) -> int:
        """Tokens that a text may be."""
        return math.ceil(counter(self._tokenizer)(text) * self._margin)


def tokens(settings: Settings) -> Tokens:
    """How the writer's tokens are reckoned: for models by OpenAI's tables, with a margin for those of others."""
    if settings.writer == "extractive":
        return Tokens(str(settings.tokenizer_file))
    return Tokens(CL100K, settings.writer_tokens_margin)


def writer(settings: Settings, pool: Any, breakers: Breakers, stack: AsyncExitStack) -> Writer:
    """The writer of the settings, closed when the stack is; a model stands behind its breaker and its limit.

    Raises:
        NotSetError: a model was asked for without its name or its key.

    """
    if settings.writer == "extractive":
        return ExtractiveWriter(tokens(settings))
    model = required(settings.writer_model, "MUNIMENT_WRITER_MODEL")
    patience = Patience(settings.writer_first_token_s, settings.writer_between_tokens_s, settings.writer_timeout_s)
    made: ProviderWriter
    if settings.writer == "openai":
        address, key = _openai_address(settings)
        made = openai.OpenAIWriter(openai.Endpoint(address, model, key, patience), tokens(settings))
    else:
        # The client is three thousand modules: a second of every start, which only those pay who have asked for it.
        from muniment.producers.writing import anthropic  # noqa: PLC0415

        key = _key(settings, settings.writer_base_url is None)
        made = anthropic.AnthropicWriter(anthropic.Endpoint(model, settings.writer_base_url, key, patience))
    stack.push_async_callback(made.close)
    limit = PostgresRateLimit(pool, f"writing/{model}", Bucket(settings.writer_requests_per_minute))
    return GuardedWriter(made, breakers.get(WRITING), limit)


def _openai_address(settings: Settings) -> tuple[str, str]:
    if settings.writer_base_url == SAME:
        address = required(settings.openai_base_url, "OPENAI_BASE_URL")
        return address, settings.openai_api_key.get_secret_value() if settings.openai_api_key else "unused"
    return settings.writer_base_url or OPENAI, _key(settings, settings.writer_base_url is None)


def _key(settings: Settings, needed: bool) -> str:
    if settings.writer_api_key is not None:
        return settings.writer_api_key.get_secret_value()
    if needed:
        raise NotSetError("MUNIMENT_WRITER_API_KEY is not set, and the provider's own address wants a key")
    return "unused"


def offered(settings: Settings) -> WriterTerms:
    """What people are told of the writer before they have a draft written."""
    if settings.writer == "extractive":
        return WriterTerms()
    # A prompt is passages, up to their share of the window or as many as there may be, and what is said beside them.
    passages = math.ceil(settings.writer_passages * settings.chunk_tokens_max * settings.writer_tokens_margin)
    memory = min(int(settings.writer_window_tokens * settings.writer_memory_share), passages)
    return WriterTerms(settings.writer_model or "", prices(settings), memory + BESIDE_TOKENS)


def prices(settings: Settings) -> Prices:
    """What the writer's tokens cost."""
    return Prices(Decimal(str(settings.writer_price_in)), Decimal(str(settings.writer_price_out)))


def budget_of(settings: Settings, pool: Any) -> Callable[[UUID], Budget]:
    """The budget of each project: its own, and that of its tenant."""
    tenants = _allowance(settings.writer_tokens_per_day, settings.writer_budget_per_day)
    projects = _allowance(settings.writer_project_tokens_per_day, settings.writer_project_budget_per_day)

    def of(project_id: UUID) -> Budget:
        own = PostgresBudget(pool, projects, f"{TEXTS}/{project_id}")
        return Together([PostgresBudget(pool, tenants, TEXTS), own])

    return of


def _allowance(most_tokens: int | None, dollars: float | None) -> Allowance:
    return Allowance(most_tokens, None if dollars is None else round(dollars * 1_000_000))


class SearchRetrieval:
    """See `Retrieval`: the search of the API, over the documents that the project's decider knows it has."""

    def __init__(self, pool: Any, models: QuestionModels, projects: ProjectStore) -> None:
        self._pool = pool
        self._models = models
        self._projects = projects

    async def find(
        self, tenant: str, project_id: UUID, question: str, only: Collection[UUID], most: int
    ) -> Sequence[Found]:
        """See `Retrieval.find`."""
        has = await self._projects.documents(tenant, project_id)
        wanted = has & frozenset(only) if only else has
        if not wanted:
            return ()
        asked = question.replace("\x00", " ")[:QUESTION]
        for _ in range(TIMES):
            model = await self._models.live()
            vector = await _vector(model, asked)
            filters = Filters(document_ids=tuple(sorted(wanted)))
            try:
                page: Page = await search(self._pool, tenant, "hybrid", asked, vector, most, filters, model=model.name)
            except ModelSwitched:
                continue
            return [_found(hit) for hit in page.hits]
        raise StepFailure(ErrorCode.UNEXPECTED, "search was switched to another model again and again")


async def _vector(model: Priced, question: str) -> list[float]:
    try:
        embedded = await model.embedder.embed([question], purpose="query")
    except StepFailure as error:
        if error.code is not ErrorCode.PROVIDER_REJECTED or len(question) <= SHORT_QUESTION:
            raise
        embedded = await model.embedder.embed([question[:SHORT_QUESTION]], purpose="query")
    return [float(x) for x in embedded.vectors[0]]


def _found(hit: Hit) -> Found:
    return Found(
        document_id=hit.document_id,
        version=hit.version,
        ordinal=hit.ordinal,
        title=hit.title or hit.file_name or "",
        heading=hit.heading,
        page=hit.page,
        start=hit.start,
        end=hit.end,
        text=hit.text,
        score=hit.score,
        vector_rank=hit.vector_rank,
        words_rank=hit.text_rank,
    )


def telling(settings: Settings, pool: Any, publisher: Publisher, now: Now) -> Telling:
    """Who tells of calls that no draft came of."""
    return Telling(Charges(pool), publisher, budget_of(settings, pool), now)


def generating(
    settings: Settings,
    pool: Any,
    codec: LogCodec,
    publisher: Publisher,
    records: Records,
    *,
    writes: Writer,
    models: PostgresModels,
    now: Now,
) -> Generating:
    """The step."""
    store = GeneratingStore(pool)
    ports = Ports(
        writer=writes,
        retrieval=SearchRetrieval(pool, models, ProjectStore(pool)),
        sources=DraftSources(pool),
        store=store,
        budget_of=budget_of(settings, pool),
        counts=tokens(settings),
        telling=telling(settings, pool, publisher, now),
    )
    window = Window(settings.writer_window_tokens, settings.writer_memory_share)
    terms = Terms(
        window,
        settings.writer_passages,
        prices(settings),
        answer_tokens=settings.writer_max_tokens,
        takes_temperature=settings.writer_takes_temperature,
    )
    says = Saying(Generating.name, codec, publisher, now)
    return Generating(
        Drafting(ports, terms, says, now),
        Checking(store, records, codec),
        timeout_s=settings.writer_timeout_s + BESIDE_S,
    )
