"""The messages that a client may send; docs/live.md explains each."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from muniment.api.numbers import NUMBER
from muniment.api.problems.problem import Problem
from muniment.api.reads import Mode
from muniment.api.texts import Filter, Metadata
from muniment.api.times import Time

MOST_K = 20
_ID = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
_TEXT = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Auth(_Sent):
    """Who is asking, from a client that can send no header."""

    type: Literal["auth"]
    token: Annotated[str, Field(max_length=200)]


class Typing(_Sent):
    """What stands in the field now; what stood there before is of no interest any more."""

    type: Literal["typing"]
    id: _ID
    text: _TEXT
    limit: Annotated[int, Field(ge=1, le=20), NUMBER] = 8
    project_id: UUID | None = None


class Filters(_Sent):
    """What narrows a question, as for `POST /v1/search`."""

    metadata: Metadata = Field(default_factory=dict, max_length=64)
    document_ids: list[UUID] = Field(default_factory=list, max_length=100)
    media_type: Filter | None = None
    title: Filter | None = None
    created_from: Time | None = None
    created_to: Time | None = None


class Query(_Sent):
    """A question that is to be answered from documents."""

    type: Literal["query"]
    id: _ID
    text: Annotated[_TEXT, Field(min_length=1)]
    mode: Mode = "hybrid"
    k: Annotated[int, Field(ge=1, le=MOST_K), NUMBER] = 8
    filters: Filters = Field(default_factory=Filters)
    project_id: UUID | None = None
    language: Literal["en", "ko"] | None = None


class Cancel(_Sent):
    """The answer of that id is not wanted any more."""

    type: Literal["cancel"]
    id: _ID


class Resume(_Sent):
    """Go on with a session whose connection was lost, after the message of that number."""

    type: Literal["resume"]
    session: Annotated[str, Field(max_length=64)]
    last_seq: Annotated[int, Field(ge=0), NUMBER]


class Ping(_Sent):
    """Is anybody there? Answered by `pong`."""

    type: Literal["ping"]


Message = Annotated[Auth | Typing | Query | Cancel | Resume | Ping, Field(discriminator="type")]
_MESSAGE: TypeAdapter[Auth | Typing | Query | Cancel | Resume | Ping] = TypeAdapter(Message)


def parse(text: str) -> Auth | Typing | Query | Cancel | Resume | Ping:
    """The message in a text.

    Raises:
        Problem: `invalid_request`, which names what is wrong with it and repeats nothing of it.

    """
    try:
        return _MESSAGE.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"] if str(part).isidentifier())
        found = [{"where": where or "message", "what": _said(first)}]
        raise Problem("invalid_request", f"{found[0]['where']}: {found[0]['what']}", extra={"errors": found}) from None


def _said(error: Any) -> str:
    # pydantic's sentence repeats a tag that it does not know.
    return "not a type of message that there is" if error["type"].startswith("union_tag") else str(error["msg"])
