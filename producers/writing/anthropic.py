"""The adapter for Anthropic's Messages API, through the `anthropic` client.

Source: Anthropic's API reference, "Messages" and "Streaming Messages".
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from anthropic import APIConnectionError, APIError, APIStatusError, APITimeoutError, AsyncAnthropic, Timeout, omit

from muniment.producers.clock import utc_now
from muniment.producers.writing.failing import Kinds, Now, bad_answer, cut_off
from muniment.producers.writing.pacing import Patience
from muniment.producers.writing.provider import CONNECT_S, ProviderWriter
from muniment.producers.writing.writer import LENGTH, REFUSED, STOP, Asked, Finished

REASONS = {"end_turn": STOP, "stop_sequence": STOP, "max_tokens": LENGTH, "refusal": REFUSED}
HOTTEST = 1.0
"""The highest temperature that this provider takes."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Which model, where it is unless it is the provider's own address, and how long it is waited for."""

    model: str
    base_url: str | None = None
    api_key: str = field(default="unused", repr=False)
    patience: Patience = field(default_factory=Patience)


class AnthropicWriter(ProviderWriter):
    """See `Writer`. The API knows no seed: one that was asked for is on the log and changes nothing here."""

    provider = "anthropic"
    kinds = Kinds(timeout=APITimeoutError, connection=APIConnectionError, status=APIStatusError, any=APIError)

    def __init__(self, endpoint: Endpoint, *, now: Now = utc_now) -> None:
        client = AsyncAnthropic(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key,
            max_retries=0,
            timeout=Timeout(endpoint.patience.whole_s, connect=CONNECT_S),
        )
        super().__init__(client, endpoint.model, endpoint.patience, now)

    async def _streamed(self, asked: Asked) -> AsyncGenerator[str | Finished, None]:
        system = "\n\n".join(m.content for m in asked.messages if m.role == "system")
        request: dict[str, Any] = {
            "model": self._model,
            "max_tokens": asked.max_tokens,
            "system": system or omit,
            "messages": [{"role": m.role, "content": m.content} for m in asked.messages if m.role != "system"],
            "stream": True,
        }
        if asked.temperature is not None:
            # The client has no such parameter any more, since newer models refuse it; older ones take it.
            request["extra_body"] = {"temperature": min(asked.temperature, HOTTEST)}
        stream: Any = await self._client.messages.create(**request)
        model, reason, tokens_in, tokens_out, ended, wrote = self._model, "", 0, 0, False, False
        async with stream:
            async for event in stream:
                match event.type:
                    case "message_start":
                        model, tokens_in = event.message.model or model, _read(event.message.usage)
                    case "content_block_delta" if event.delta.type == "text_delta" and event.delta.text:
                        wrote = True
                        yield event.delta.text
                    case "message_delta":
                        reason = event.delta.stop_reason or reason
                        tokens_out = event.usage.output_tokens or tokens_out
                    case "message_stop":
                        ended = True
        if not ended or not reason:
            raise cut_off()
        reason = REASONS.get(reason, reason)
        if not wrote and reason != REFUSED:
            raise bad_answer("it is empty")
        yield Finished(reason, tokens_in, tokens_out, model)


def _read(usage: Any) -> int:
    """What the model had to read: what it remembered of earlier prompts is told apart, and is read all the same."""
    parts = (usage.input_tokens, usage.cache_creation_input_tokens, usage.cache_read_input_tokens)
    return sum(part or 0 for part in parts)
