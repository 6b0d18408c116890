"""The messages that a client is sent; docs/live.md explains each. What is not set stays away from the wire."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from muniment.api.live_channel.predicted import Prediction
from muniment.api.problems.docs import ProblemModel
from muniment.api.problems.problem import Problem, problem_body


def _unset(value: object) -> bool:
    return value is None


def problem_told(problem: Problem) -> ProblemModel:
    """A problem as a part of a message."""
    return ProblemModel(**problem_body(problem))


class Told(BaseModel):
    """Anything that a client is sent."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    def written(self) -> str:
        """The message as it goes out."""
        return self.model_dump_json()


class Numbered(Told):
    """A message with a number of its session: it is sent again to a client that comes back."""

    seq: int = Field(default=0, ge=0, description="The number of the message in its session, from 1")


class Hello(Told):
    """The connection is served."""

    type: Literal["hello"] = "hello"
    session: str = Field(description="What to come back to")
    resumable_s: float = Field(description="How long the session outlives its connection")
    heartbeat_s: float = Field(description="How often the client is asked whether it is there")
    messages_per_second: float


class Predictions(Told):
    """What may be meant by the newest text that was typed."""

    type: Literal["predictions"] = "predictions"
    id: str
    took_ms: float
    items: list[Prediction]


class AnswerStart(Numbered):
    """An answer begins: who gives it, and what it is given from."""

    type: Literal["answer.start"] = "answer.start"
    id: str
    extractive: bool = Field(description="No model wrote it")
    provider: str
    model: str
    mode: str = Field(description="How it was searched")
    degraded: str | None = Field(description="Set when `hybrid` fell back to `text`, and says why")
    hits: int


class AnswerDelta(Numbered):
    """More of the answer's text."""

    type: Literal["answer.delta"] = "answer.delta"
    id: str
    text: str


class AnswerCitation(Numbered):
    """Where a passage lies that the text cites by its number; once a passage."""

    type: Literal["answer.citation"] = "answer.citation"
    id: str
    number: int = Field(description="The text says `[number]`")
    document_id: UUID
    version: int
    ordinal: int
    title: str | None
    file_name: str | None
    page: int | None
    heading: str | None
    start: int = Field(description="First character in the extracted text")
    end: int


class CheckedMark(BaseModel):
    """What one mark of an answer is worth."""

    number: int
    said_from: int = Field(description="Where its sentence begins, in characters of the answer")
    said_to: int
    holds: bool = Field(description="Whether the passage says what the sentence says")


class AnswerEnd(Numbered):
    """The answer is over."""

    type: Literal["answer.end"] = "answer.end"
    id: str
    reason: str = Field(description="`stop`, `length`, `cancelled`, `refused`, `failed`, or the provider's own")
    tokens_in: int = 0
    tokens_out: int = 0
    cost_micros: int = 0
    citations: list[CheckedMark] | None = Field(
        default=None, exclude_if=_unset, description="Every mark of an answer that came to its end"
    )
    problem: ProblemModel | None = Field(default=None, exclude_if=_unset)


class Refusal(Told):
    """A message was refused, or the channel ends."""

    type: Literal["error"] = "error"
    id: str | None = Field(default=None, exclude_if=_unset, description="Of the message that it is about")
    problem: ProblemModel


class Resumed(Told):
    """The session goes on: every later numbered message follows."""

    type: Literal["resumed"] = "resumed"
    session: str
    seq: int = Field(description="The last number that there is")
    answers: list[str] = Field(description="Answers that are under way, by their ids")


class Resync(Told):
    """Nothing is known here of the session that was asked for: ask again what is not answered."""

    type: Literal["resync"] = "resync"
    session: str = Field(description="The new one")
    reason: str


class Reconnect(Told):
    """The channel closes: come back, elsewhere."""

    type: Literal["reconnect"] = "reconnect"
    reason: str
    after_ms: int


class Pong(Told):
    """Somebody is there."""

    type: Literal["pong"] = "pong"


EVERY: tuple[type[Told], ...] = (
    Hello,
    Predictions,
    AnswerStart,
    AnswerDelta,
    AnswerCitation,
    AnswerEnd,
    Refusal,
    Resumed,
    Resync,
    Reconnect,
    Pong,
)
"""All of them: what the AsyncAPI document shows."""
