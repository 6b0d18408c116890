"""The services outside that documents and questions are brought to, each behind its breaker where it has one."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlparse
from urllib.request import url2pathname

from obstore.exceptions import BaseError

from muniment.infra.not_set import NotSetError, required
from muniment.infra.settings import Settings
from muniment.producers.blobs import BlobStore
from muniment.producers.breakers.breaker import Breaker
from muniment.producers.breakers.breakers import Breakers
from muniment.producers.breakers.guarded import GuardedEmbedder
from muniment.producers.budget import Allowance
from muniment.producers.embedding.beside import BesideEmbedder
from muniment.producers.embedding.coalescing import CoalescingEmbedder
from muniment.producers.embedding.embedder import Embedder
from muniment.producers.embedding.models import Priced
from muniment.producers.embedding.openai import Endpoint, OpenAIEmbedder
from muniment.producers.embedding.paid import Paid, RememberingEmbedder
from muniment.producers.embedding.rate_limit import Bucket, LimitedEmbedder
from muniment.producers.embedding.rate_limit_postgres import PostgresRateLimit
from muniment.producers.local_blobs import LocalBlobs
from muniment.producers.s3_blobs import S3Blobs
from muniment.schemas.breakers import EMBEDDING
from muniment.schemas.embedding_models import EmbeddingModel
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

OnErasure = Callable[[Callable[[], None]], None]
"""Is told what to call when keys were destroyed."""


A = TypeVar("A")
B = TypeVar("B")


def at_address(address: str, variable: str, folder: Callable[[Path], A], bucket: Callable[..., B]) -> A | B:
    """What a `file://` or `s3://` address in this variable leads to; `NotSetError` for anything else.

    `folder` is given the path; `bucket` the name of the bucket and, by name, what the address says after `?`.
    """
    url = urlparse(address)
    # file://folder has no folder: it says that `folder` is a host.
    if url.scheme == "file" and url.netloc in {"", "localhost"} and url.path.strip("/"):
        return folder(Path(url2pathname(url.path)))
    if url.scheme == "s3" and url.netloc:
        options: dict[str, Any] = {name: values[-1] for name, values in parse_qs(url.query).items()}
        if url.path.strip("/"):
            options["prefix"] = url.path.strip("/")
        try:
            return bucket(url.netloc, **options)
        except (BaseError, TypeError, ValueError) as error:
            raise NotSetError(f"{variable} has options that S3 does not know: {type(error).__name__}") from error
    raise NotSetError(f"{variable} has to be file:///folder or s3://bucket, perhaps with ?endpoint=…")


def blob_store(address: str) -> BlobStore:
    """The blob store of an address; raises as `at_address`."""
    return at_address(address, "MUNIMENT_BLOB_URL", LocalBlobs, S3Blobs)


def guarded_embedder(
    settings: Settings,
    pool: Any,
    breakers: Breakers,
    stack: AsyncExitStack,
    *,
    limited: bool,
    on_erasure: OnErasure,
) -> Embedder:
    """The embedding endpoint, closed when the stack is. `on_erasure` is told what to call when keys were destroyed."""
    endpoint = Endpoint(
        base_url=required(settings.openai_base_url, "OPENAI_BASE_URL"),
        model=settings.embedding_model,
        dimensions=settings.embedding_dimensions,
        api_key=settings.openai_api_key.get_secret_value() if settings.openai_api_key else "unused",
        query_prefix=settings.embedding_query_prefix,
        passage_prefix=settings.embedding_passage_prefix,
        # Who asks a question is shown what words find rather than kept waiting.
        timeout_s=settings.embedding_request_timeout_s if limited else settings.question_timeout_s,
    )
    of = _Asked(settings=settings, pool=pool, stack=stack, limited=limited, on_erasure=on_erasure)
    return _guarded(of, endpoint, settings.embedding_model, breakers.get(EMBEDDING))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What every embedder of a process stands on."""

    settings: Settings
    pool: Any
    stack: AsyncExitStack
    limited: bool
    on_erasure: OnErasure


def _guarded(on: _Asked, endpoint: Endpoint, name: str, breaker: Breaker) -> Embedder:
    settings, stack = on.settings, on.stack
    paid = Paid(settings.home.resolve() / "paid", f"{name}/{endpoint.passage_prefix}", endpoint.dimensions)
    # Closed last: a call that ends with its client may still note its answer.
    stack.callback(paid.close)
    on.on_erasure(paid.forget)
    # Steps keep a loop busy: their answers are read beside it.
    client = BesideEmbedder(OpenAIEmbedder(endpoint)) if on.limited else OpenAIEmbedder(endpoint)
    stack.push_async_callback(client.close)
    inner: Embedder = client
    if on.limited:
        bucket = Bucket(settings.embedding_requests_per_minute)
        inner = LimitedEmbedder(client, PostgresRateLimit(on.pool, f"embedding/{name}", bucket))
    # Outermost: while it is open nobody takes a place in the line.
    inner = GuardedEmbedder(inner, breaker)
    batch, concurrency = settings.embedding_batch, settings.embedding_concurrency
    embedder = CoalescingEmbedder(inner, batch=batch, concurrency=concurrency, paid=paid)
    stack.push_async_callback(embedder.close)
    return RememberingEmbedder(embedder, paid)


def first_model(settings: Settings, embedder: Embedder) -> Priced:
    """The model of the settings."""
    price = Decimal(str(settings.embedding_price_per_million_tokens))
    return Priced(settings.embedding_model, embedder, price)


def endpoint_key(settings: Settings, base_url: str) -> str:
    """The key for an endpoint that a migration names; empty is that of the settings.

    Texts of documents go there: so the settings say where they may go, and not whoever may begin a migration.

    Raises:
        StepFailure: `provider_auth` for an endpoint that the settings do not name.

    """
    own = settings.openai_api_key.get_secret_value() if settings.openai_api_key else "unused"
    if base_url.rstrip("/") in {"", (settings.openai_base_url or "").rstrip("/")}:
        return own
    given = settings.embedding_endpoints.get_secret_value() if settings.embedding_endpoints else ""
    for word in given.split():
        address, _, key = word.partition("=")
        if address.rstrip("/") == base_url.rstrip("/"):
            return key or "unused"
    detail = "MUNIMENT_EMBEDDING_ENDPOINTS does not name the endpoint of this model"
    raise StepFailure(ErrorCode.PROVIDER_AUTH, detail)


class ModelEmbedders:
    """Makes the embedders of models that migrations bring in: each with a breaker and a limit of its own."""

    def __init__(
        self,
        settings: Settings,
        pool: Any,
        breakers: Breakers,
        stack: AsyncExitStack,
        *,
        limited: bool,
        on_erasure: OnErasure,
    ) -> None:
        self._settings = settings
        self._breakers = breakers
        self._on = _Asked(settings=settings, pool=pool, stack=stack, limited=limited, on_erasure=on_erasure)

    def __call__(self, model: EmbeddingModel) -> Priced:
        """The embedder of a model; raises `StepFailure(provider_auth)`, see `endpoint_key`."""
        settings = self._settings
        endpoint = Endpoint(
            base_url=model.base_url or required(settings.openai_base_url, "OPENAI_BASE_URL"),
            model=model.served_as,
            dimensions=model.dimensions,
            api_key=endpoint_key(settings, model.base_url),
            query_prefix=model.query_prefix,
            passage_prefix=model.passage_prefix,
            ask_dimensions=model.ask_dimensions,
            timeout_s=settings.embedding_request_timeout_s if self._on.limited else settings.question_timeout_s,
        )
        name = f"{EMBEDDING}:{model.name}"
        made = _guarded(self._on, endpoint, name, self._breakers.get(name))
        return Priced(model.name, made, Decimal(str(model.price_per_million_tokens)))


def allowance(settings: Settings) -> Allowance:
    """What a tenant may spend on embeddings in a day."""
    dollars = settings.embedding_budget_per_day
    return Allowance(
        tokens=settings.embedding_tokens_per_day,
        cost_micros=None if dollars is None else round(dollars * 1_000_000),
    )
