"""The adapter for every OpenAI-compatible endpoint, through the `openai` client."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    Timeout,
    omit,
)

from muniment.producers.embedding.answers import read_vectors
from muniment.producers.embedding.calls import Call, Observe, count
from muniment.producers.embedding.embedder import BatchTooLarge, Embedded, Purpose, nothing
from muniment.producers.embedding.noting import answered
from muniment.producers.embedding.retry_after import retry_after_s
from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure


@dataclass(frozen=True)
class Endpoint:
    """Where the model is and how it wants to be asked."""

    base_url: str
    model: str
    dimensions: int
    api_key: str = field(default="unused", repr=False)
    query_prefix: str = ""
    """`query: ` for models of the e5 family."""
    passage_prefix: str = ""
    """`passage: ` for models of the e5 family."""
    ask_dimensions: bool = False
    """Send `dimensions` along: for models that can shorten their vectors."""
    connect_timeout_s: float = 5.0
    timeout_s: float = 60.0
    """The whole call, from asking to the last byte."""


class OpenAIEmbedder:
    """One call of the endpoint for each `embed`; no retry of its own, as retrying is the log's affair."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        client: AsyncOpenAI | None = None,
        observe: Observe = count,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._endpoint = endpoint
        self._observe = observe
        self._now = now
        self._client = client or AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key,
            max_retries=0,
            timeout=Timeout(endpoint.timeout_s, connect=endpoint.connect_timeout_s),
        )

    @property
    def model(self) -> str:
        """The model's name."""
        return self._endpoint.model

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return self._endpoint.dimensions

    async def embed(self, texts: Sequence[str], *, purpose: Purpose) -> Embedded:
        """Embed `texts` in one call; raises `StepFailure` as the port says."""
        if not texts:
            return nothing(self.dimensions)
        started = time.monotonic()
        outcome, tokens = "cancelled", 0
        try:
            embedded = await self._asked(texts, purpose)
            answered(embedded)
            outcome, tokens = "ok", embedded.tokens
        except StepFailure as failure:
            outcome = failure.code.value
            raise
        finally:
            self._observe(Call(outcome, (time.monotonic() - started) * 1000, len(texts), tokens))
        return embedded

    async def close(self) -> None:
        """Close the client's connections."""
        await self._client.close()

    async def _asked(self, texts: Sequence[str], purpose: Purpose) -> Embedded:
        endpoint = self._endpoint
        prefix = endpoint.query_prefix if purpose == "query" else endpoint.passage_prefix
        try:
            async with asyncio.timeout(endpoint.timeout_s):
                answer = await self._client.embeddings.create(
                    model=endpoint.model,
                    input=[prefix + text for text in texts],
                    encoding_format="base64",
                    dimensions=endpoint.dimensions if endpoint.ask_dimensions else omit,
                )
        except (APITimeoutError, TimeoutError):
            detail = f"the embedding endpoint gave no answer within {endpoint.timeout_s:g} s"
            raise StepFailure(ErrorCode.PROVIDER_TIMEOUT, detail) from None
        except APIConnectionError:
            raise StepFailure(ErrorCode.PROVIDER_UNAVAILABLE, "the embedding endpoint cannot be reached") from None
        except APIStatusError as error:
            raise self._refused(error) from None
        except UnicodeEncodeError:
            raise StepFailure(ErrorCode.PROVIDER_REJECTED, "a text is no valid Unicode") from None
        except (APIError, ValueError):
            # The causes are dropped on purpose, here and above: they carry the request, so texts and the key.
            raise StepFailure(ErrorCode.EMBEDDING_BAD_ANSWER, "the embedding answer is no JSON") from None
        return read_vectors(answer, len(texts), endpoint.dimensions)

    def _refused(self, error: APIStatusError) -> StepFailure:
        status = error.status_code
        detail = f"the embedding endpoint answered {status}{_reason(error.code)}"
        if too_large(status, str(error.code), error.message):
            return BatchTooLarge(detail)
        wait_s = retry_after_s(error.response.headers, self._now())
        return StepFailure(status_code(status), detail, retry_after_s=wait_s)


def status_code(status: int) -> ErrorCode:
    """What an HTTP status of the endpoint means for the record."""
    named = {
        401: ErrorCode.PROVIDER_AUTH,
        403: ErrorCode.PROVIDER_AUTH,
        408: ErrorCode.PROVIDER_TIMEOUT,
        409: ErrorCode.PROVIDER_UNAVAILABLE,
        429: ErrorCode.PROVIDER_RATE_LIMITED,
        504: ErrorCode.PROVIDER_TIMEOUT,
    }
    otherwise = ErrorCode.PROVIDER_UNAVAILABLE if status >= 500 else ErrorCode.PROVIDER_REJECTED  # noqa: PLR2004
    return named.get(status, otherwise)


_OF_A_BATCH = re.compile(
    r"batch size|too many (inputs|texts)|(array|list).{0,40}(long|length|maximum)|tokens?[ _]per[ _]request|"
    r"(request|body|payload).{0,20}too large",
    re.IGNORECASE,
)
"""How endpoints say that it is the request that is too large, and not one text of it."""


def too_large(status: int, code: str, message: str) -> bool:
    """Whether the endpoint refused a request for its size. One text that is too long is another matter."""
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return True
    refused = status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
    return refused and _OF_A_BATCH.search(f"{code.replace('_', ' ')} {message[:500]}") is not None


def _reason(code: object) -> str:
    """The endpoint's own error code, if it is a plain word: anything else might quote the text."""
    plain = isinstance(code, str) and len(code) <= 64 and code.replace("_", "").isalnum() and code.isascii()  # noqa: PLR2004
    return f" ({code})" if plain else ""
