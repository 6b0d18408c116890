"""The adapter for every OpenAI-compatible server of chat completions, through the `openai` client.

Source: OpenAI's API reference, "Create chat completion", streaming with `stream_options.include_usage`.
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlparse

from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError, AsyncOpenAI, Timeout, omit

from muniment.producers.clock import utc_now
from muniment.producers.writing.failing import Kinds, Now, bad_answer, cut_off
from muniment.producers.writing.pacing import Patience
from muniment.producers.writing.provider import CONNECT_S, ProviderWriter
from muniment.producers.writing.writer import LENGTH, REFUSED, STOP, Asked, Finished

REASONS = {"stop": STOP, "length": LENGTH, "content_filter": REFUSED}
Count = Callable[[str], int]
"""How many tokens a text is, for servers that do not say."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the model is and how long it is waited for."""

    base_url: str
    model: str
    api_key: str = field(default="unused", repr=False)
    patience: Patience = field(default_factory=Patience)

    @property
    def own(self) -> bool:
        """Whether it is OpenAI's own, which wants `max_completion_tokens` where all others know `max_tokens`."""
        host = urlparse(self.base_url).hostname or ""
        return host == "openai.com" or host.endswith(".openai.com")


class OpenAIWriter(ProviderWriter):
    """See `Writer`."""

    provider = "openai"
    kinds = Kinds(timeout=APITimeoutError, connection=APIConnectionError, status=APIStatusError, any=APIError)

    def __init__(self, endpoint: Endpoint, count_tokens: Count, *, now: Now = utc_now) -> None:
        client = AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key,
            max_retries=0,
            timeout=Timeout(endpoint.patience.whole_s, connect=CONNECT_S),
        )
        super().__init__(client, endpoint.model, endpoint.patience, now)
        self._limit = "max_completion_tokens" if endpoint.own else "max_tokens"
        self._count = count_tokens

    async def _streamed(self, asked: Asked) -> AsyncGenerator[str | Finished, None]:
        request: dict[str, Any] = {
            "model": self._model,
            "messages": [{"role": m.role, "content": m.content} for m in asked.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            "seed": omit if asked.seed is None else asked.seed,
            self._limit: asked.max_tokens,
        }
        if asked.temperature is not None:
            request["temperature"] = asked.temperature
        stream: Any = await self._client.chat.completions.create(**request)
        reason, model, usage, written = "", self._model, None, list[str]()
        async with stream:
            async for chunk in stream:
                model, usage = chunk.model or model, chunk.usage or usage
                for choice in chunk.choices[:1]:
                    reason = choice.finish_reason or reason
                    if choice.delta.content:
                        written.append(choice.delta.content)
                        yield choice.delta.content
        if not reason:
            raise cut_off()
        reason = REASONS.get(reason, reason)
        if not written and reason != REFUSED:
            raise bad_answer("it is empty")
        yield self._finished(asked, reason, model, usage, "".join(written))

    def _finished(self, asked: Asked, reason: str, model: str, usage: Any, text: str) -> Finished:
        if usage is not None and usage.completion_tokens >= 0 and usage.prompt_tokens >= 0:
            return Finished(reason, usage.prompt_tokens, usage.completion_tokens, model)
        asked_tokens = sum(self._count(message.content) for message in asked.messages)
        return Finished(reason, asked_tokens, self._count(text), model)
