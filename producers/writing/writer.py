"""The port: what everyone who has a text written talks to."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal, Protocol

from muniment.schemas.error_codes import ErrorCode
from muniment.schemas.errors import StepFailure

Role = Literal["system", "user", "assistant"]
STOP, LENGTH, REFUSED = "stop", "length", "refused"
"""Why a text ended: it was done, it met the limit, the model would not go on. Other words are the provider's own."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Source:
    """A passage that the text may cite as `[number]`: a whole chunk, as search shows it."""

    number: int
    title: str
    heading: str | None
    page: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be written.

    Attributes:
        messages: All that a model gets to read; a leading `system` message says how, the others say what.
        max_tokens: The longest text, in tokens of the model.
        temperature: From 0 (always the likeliest word) upwards; none is the model's own, and some take no other.
        seed: For a repeatable choice, where the provider knows of such a thing.
        brief: What the text is about, for a writer that is no model.
        language: `en` or `ko`, for the same.
        sources: The passages within the messages, for the same.

    """

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float | None = None
    seed: int | None = None
    brief: str = ""
    language: str = "en"
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """How a text ended. `tokens_in` and `tokens_out` are what the provider charges for; `model` is its own name."""

    reason: str
    tokens_in: int
    tokens_out: int
    model: str


Writing = AsyncGenerator[str | Finished, None]
"""Pieces of the text in order, none of them empty, and at the very end one `Finished`.

Close it (`aclose`) to end the writing early: the connection is closed, and most providers stop counting.
"""


class PromptTooLarge(StepFailure):
    """The model's window does not hold what was asked: `provider_rejected`, unless whoever asked asks for less."""

    def __init__(self, detail: str) -> None:
        super().__init__(ErrorCode.PROVIDER_REJECTED, detail)

    def __reduce__(self) -> tuple[type, tuple[object, ...], dict[str, object]]:
        """As its one argument says."""
        return type(self), (self.detail,), self.__dict__


class Writer(Protocol):
    """Writes texts."""

    @property
    def provider(self) -> str:
        """Who writes: `openai`, `anthropic` or `extractive`."""
        ...

    @property
    def model(self) -> str:
        """The model that is asked for; for `extractive` the name of its rule."""
        ...

    def write(self, asked: Asked) -> Writing:
        """Have a text written, piece by piece.

        Iterating raises `StepFailure` with `provider_rate_limited`, `provider_unavailable`, `provider_timeout`,
        `provider_auth`, `provider_rejected` (`PromptTooLarge` when a shorter prompt may do), `writing_bad_answer`;
        behind a breaker `breaker_open`. Raises `Refused(nothing_found)` when a writer that is no model has nothing to
        say. After pieces have come it may still fail: then they are worth nothing.
        """
        ...
